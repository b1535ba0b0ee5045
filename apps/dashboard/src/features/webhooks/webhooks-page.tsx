import { useInfiniteQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { answered, api } from '../../api/client.js';
import { PAGE, pagedQuery } from '../../api/paged.js';
import { LIVE_MS } from '../../api/queries.js';
import { useMay } from '../../api/use-me.js';
import { Button } from '../../ui/button.js';
import { Empty, Page } from '../../ui/page.js';
import { PagedTable } from '../../ui/paged-table.js';
import { Moment } from '../../ui/time.js';
import { Health } from './health.js';
import { WebhookDialog } from './webhook-dialog.js';

const webhooksQuery = pagedQuery(
  ['webhooks'],
  (after) =>
    answered(
      api.GET('/v1/webhooks', { params: { query: { limit: PAGE, ...(after && { after }) } } }),
    ),
  ({ id }) => id,
);

export function WebhooksPage() {
  const query = useInfiniteQuery({ ...webhooksQuery, refetchInterval: LIVE_MS });
  const mayDevelop = useMay('develop');
  const [isOpen, setOpen] = useState(false);
  return (
    <Page
      title="Webhooks"
      lead="Your servers are told of messages, presence, limits, keys and invoices: signed, tried again for three days, in order if you choose."
      actions={
        mayDevelop && (
          <Button kind="main" onClick={() => setOpen(true)}>
            New endpoint
          </Button>
        )
      }
    >
      <PagedTable
        caption="Endpoints"
        query={query}
        keyOf={({ id }) => id}
        empty={
          <Empty title="No endpoint yet">
            Make one, and choose what it is told of. It gets a secret to check signatures with.
          </Empty>
        }
        columns={[
          {
            head: 'Endpoint',
            cell: ({ id, url }) => (
              <Link to="/webhooks/$webhook" params={{ webhook: id }}>
                {url}
              </Link>
            ),
          },
          { head: 'Health', cell: (webhook) => <Health webhook={webhook} /> },
          {
            head: 'Events',
            cell: ({ events }) =>
              events.length > 3 ? `${events.length} kinds` : events.join(', '),
          },
          { head: 'Channels', cell: ({ channels }) => channels.join(', ') },
          {
            head: 'Last success',
            cell: ({ health }) => <Moment at={health.lastSuccessAt} />,
          },
        ]}
      />
      {isOpen && <WebhookDialog onClose={() => setOpen(false)} />}
    </Page>
  );
}
