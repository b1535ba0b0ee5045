import { useInfiniteQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { answered, api } from '../../api/client.js';
import { PAGE, pagedQuery } from '../../api/paged.js';
import { LIVE_MS } from '../../api/queries.js';
import { Button } from '../../ui/button.js';
import { Badge, Card, Empty } from '../../ui/page.js';
import { PagedTable } from '../../ui/paged-table.js';
import { Segments } from '../../ui/segments.js';
import { Moment } from '../../ui/time.js';
import { DeliveryDialog } from './delivery-dialog.js';

const FILTERS = [
  { value: 'all', text: 'All' },
  { value: 'pending', text: 'Pending' },
  { value: 'delivered', text: 'Delivered' },
  { value: 'dead', text: 'Dead letters' },
] as const;
type Filter = (typeof FILTERS)[number]['value'];

const TONE = { pending: 'warn', delivered: 'good', dead: 'bad' } as const;

const deliveriesQuery = (webhook: string, status: Filter) =>
  pagedQuery(
    ['webhooks', webhook, 'deliveries', status],
    (after) =>
      answered(
        api.GET('/v1/webhooks/{webhook}/deliveries', {
          params: {
            path: { webhook },
            query: { limit: PAGE, ...(status !== 'all' && { status }), ...(after && { after }) },
          },
        }),
      ),
    ({ id }) => id,
  );

export function DeliveriesCard({ webhook }: { readonly webhook: string }) {
  const [status, setStatus] = useState<Filter>('all');
  const [opened, setOpened] = useState<string | null>(null);
  const query = useInfiniteQuery({ ...deliveriesQuery(webhook, status), refetchInterval: LIVE_MS });
  return (
    <Card
      title="Deliveries"
      actions={<Segments label="Show" options={FILTERS} value={status} onChange={setStatus} />}
    >
      <PagedTable
        caption="Deliveries"
        query={query}
        keyOf={({ id }) => id}
        empty={
          <Empty title="No delivery here">
            Send a test, or wait for an event. Kept for 14 days.
          </Empty>
        }
        columns={[
          { head: 'Event', cell: ({ type }) => <code>{type}</code> },
          { head: 'When', cell: ({ eventAt }) => <Moment at={eventAt} /> },
          {
            head: 'State',
            cell: (delivery) => (
              <div className="stack-small">
                <span>
                  <Badge tone={TONE[delivery.status]}>{delivery.status}</Badge>
                </span>
                {delivery.lastError !== null && (
                  <span className="small soft">{delivery.lastError}</span>
                )}
                {delivery.nextAttemptAt !== null && (
                  <span className="small soft">
                    next try <Moment at={delivery.nextAttemptAt} />
                  </span>
                )}
              </div>
            ),
          },
          { head: 'Answer', numeric: true, cell: ({ lastStatus }) => lastStatus ?? '–' },
          { head: 'Tries', numeric: true, cell: ({ attempts }) => attempts },
          {
            head: 'Log',
            cell: ({ id, type }) => (
              <Button
                size="small"
                aria-label={`Open the log of ${type} ${id}`}
                onClick={() => setOpened(id)}
              >
                Open
              </Button>
            ),
          },
        ]}
      />
      {opened !== null && (
        <DeliveryDialog webhook={webhook} delivery={opened} onClose={() => setOpened(null)} />
      )}
    </Card>
  );
}
