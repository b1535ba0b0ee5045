import { useInfiniteQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { liveChannelsQuery } from '../../api/queries.js';
import { TextField } from '../../ui/field.js';
import { whole } from '../../ui/figures.js';
import { Empty, Page } from '../../ui/page.js';
import { PagedTable } from '../../ui/paged-table.js';

export function ChannelsPage() {
  const { app } = useParams({ from: '/shell/apps/$app/channels' });
  const [prefix, setPrefix] = useState('');
  const query = useInfiniteQuery(liveChannelsQuery(app, prefix));
  return (
    <Page
      title="Channels"
      lead="What is received from now, up to a minute after the last request. Looked at anew every few seconds."
    >
      <TextField
        label="Names that begin with"
        placeholder="room:"
        value={prefix}
        onChange={(event) => setPrefix(event.target.value)}
      />
      <PagedTable
        caption="Live channels"
        query={query}
        keyOf={({ name }) => name}
        empty={
          <Empty title={prefix ? `No live channel begins with ${prefix}` : 'Nobody receives now'}>
            A channel is listed while requests are held for it. Open the{' '}
            <Link to="/apps/$app/console" params={{ app }}>
              console
            </Link>{' '}
            to look into one, or follow{' '}
            <Link to="/apps/$app/start" params={{ app }}>
              Get started
            </Link>
            .
          </Empty>
        }
        columns={[
          {
            head: 'Channel',
            cell: ({ name }) => (
              <Link to="/apps/$app/console" params={{ app }} search={{ channels: name }}>
                {name}
              </Link>
            ),
          },
          { head: 'Receivers', numeric: true, cell: ({ receivers }) => whole(receivers) },
          { head: 'Present', numeric: true, cell: ({ members }) => whole(members) },
          {
            head: 'Last position',
            numeric: true,
            cell: ({ position }) => (position === 0 ? '–' : whole(position)),
          },
        ]}
      />
    </Page>
  );
}
