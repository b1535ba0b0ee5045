import { useInfiniteQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { answered, api } from '../../api/client.js';
import { PAGE, pagedQuery } from '../../api/paged.js';
import { LIVE_MS } from '../../api/queries.js';
import { TextField } from '../../ui/field.js';
import { whole } from '../../ui/figures.js';
import { Empty, Page } from '../../ui/page.js';
import { PagedTable } from '../../ui/paged-table.js';
import { Moment } from '../../ui/time.js';

const clientsQuery = (app: string, prefix: string) => ({
  ...pagedQuery(
    ['apps', app, 'clients', prefix],
    (after) =>
      answered(
        api.GET('/v1/apps/{app}/clients', {
          params: { path: { app }, query: { limit: PAGE, prefix, ...(after && { after }) } },
        }),
      ),
    ({ clientId }) => clientId,
  ),
  refetchInterval: LIVE_MS,
});

export function ClientsPage() {
  const { app } = useParams({ from: '/shell/apps/$app/clients' });
  const [prefix, setPrefix] = useState('');
  const query = useInfiniteQuery(clientsQuery(app, prefix));
  return (
    <Page
      title="Clients"
      lead="Who is connected under a name: where its requests are held, and what waits in its inbox. Looked at anew every few seconds."
    >
      <TextField
        label="Ids that begin with"
        placeholder="user-"
        value={prefix}
        onChange={(event) => setPrefix(event.target.value)}
      />
      <PagedTable
        caption="Clients"
        query={query}
        keyOf={({ clientId }) => clientId}
        empty={
          <Empty title={prefix ? `No client’s id begins with ${prefix}` : 'Nobody is connected'}>
            A client has an id when its token was made with a <code>clientId</code>, and shows here
            while its requests are held.
          </Empty>
        }
        columns={[
          { head: 'Client', cell: ({ clientId }) => <strong>{clientId}</strong> },
          { head: 'Home', cell: ({ node }) => <code className="small">{node}</code> },
          { head: 'Since', cell: ({ since }) => <Moment at={since} /> },
          {
            head: 'Holds',
            numeric: true,
            cell: ({ holds }) =>
              holds === 0 ? <span className="soft">between two</span> : whole(holds),
          },
          {
            head: 'Last direct message',
            numeric: true,
            cell: ({ inbox }) => (inbox.position === 0 ? '–' : whole(inbox.position)),
          },
          {
            head: 'Present in',
            cell: ({ presentIn }) =>
              presentIn.length === 0 ? (
                <span className="soft">no channel</span>
              ) : (
                presentIn.map((channel, index) => (
                  <span key={channel}>
                    {index > 0 && ', '}
                    <Link to="/apps/$app/console" params={{ app }} search={{ channels: channel }}>
                      {channel}
                    </Link>
                  </span>
                ))
              ),
          },
        ]}
      />
    </Page>
  );
}
