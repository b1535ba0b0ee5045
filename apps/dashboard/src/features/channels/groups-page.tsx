import { infiniteQueryOptions, useInfiniteQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { answered, api } from '../../api/client.js';
import { PAGE } from '../../api/paged.js';
import { LIVE_MS } from '../../api/queries.js';
import { Button } from '../../ui/button.js';
import { TextField } from '../../ui/field.js';
import { counted, whole } from '../../ui/figures.js';
import { Badge, Empty, Page } from '../../ui/page.js';
import { PagedTable } from '../../ui/paged-table.js';
import { Moment } from '../../ui/time.js';
import { DeadLettersDialog } from './dead-letters-dialog.js';

/** A page ends with what the next one begins after, which is no id of an item. */
const groupsQuery = (app: string, channel: string) =>
  infiniteQueryOptions({
    queryKey: ['apps', app, 'groups', channel],
    queryFn: ({ pageParam }) =>
      answered(
        api.GET('/v1/apps/{app}/groups', {
          params: {
            path: { app },
            query: {
              limit: PAGE,
              ...(channel && { channel }),
              ...(pageParam && { after: pageParam }),
            },
          },
        }),
      ),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ next }) => next ?? undefined,
    refetchInterval: LIVE_MS,
  });

export function GroupsPage() {
  const { app } = useParams({ from: '/shell/apps/$app/groups' });
  const [channel, setChannel] = useState('');
  const [opened, setOpened] = useState<{ channel: string; group: string } | null>(null);
  const query = useInfiniteQuery(groupsQuery(app, channel.trim()));
  return (
    <Page
      title="Groups"
      lead="Whose members share a channel’s messages: each goes to one of them until it is acked. Looked at anew every few seconds."
    >
      <TextField
        label="Channel"
        placeholder="jobs"
        hint="Empty: of all channels."
        value={channel}
        onChange={(event) => setChannel(event.target.value)}
      />
      <PagedTable
        caption="Groups"
        query={query}
        keyOf={(row) => `${row.channel} ${row.group}`}
        empty={
          <Empty title={channel ? `No group on ${channel}` : 'No group yet'}>
            A worker makes one with <code>PUT /v1/channels/…/groups/…</code> and then asks for its
            messages; it shows here at once.
          </Empty>
        }
        columns={[
          {
            head: 'Group',
            cell: (row) => (
              <div className="stack-small">
                <strong>{row.group}</strong>
                <Link
                  className="small"
                  to="/apps/$app/console"
                  params={{ app }}
                  search={{ channels: row.channel }}
                >
                  {row.channel}
                </Link>
              </div>
            ),
          },
          {
            head: 'Lag',
            numeric: true,
            cell: ({ lag, lagIsMore, members }) => (
              <Badge tone={lag === 0 ? 'good' : members === 0 ? 'bad' : 'warn'}>
                {whole(lag)}
                {lagIsMore ? '+' : ''}
              </Badge>
            ),
          },
          { head: 'Come again', numeric: true, cell: ({ waiting }) => whole(waiting) },
          { head: 'In flight', numeric: true, cell: ({ inFlight }) => whole(inFlight) },
          {
            head: 'Dead letters',
            numeric: true,
            cell: (row) =>
              row.deadLetters === 0 ? (
                '0'
              ) : (
                <Button
                  size="small"
                  aria-label={`${counted(row.deadLetters, 'dead letter')} of ${row.group}`}
                  onClick={() => setOpened(row)}
                >
                  {whole(row.deadLetters)}
                </Button>
              ),
          },
          { head: 'Members held', numeric: true, cell: ({ members }) => whole(members) },
          {
            head: 'Rules',
            cell: ({ visibility, maxAttempts }) => (
              <span className="small soft">
                {whole(visibility)} s to ack,{' '}
                {maxAttempts === 0 ? 'no end of attempts' : counted(maxAttempts, 'attempt')}
              </span>
            ),
          },
          { head: 'Made', cell: ({ createdAt }) => <Moment at={createdAt} day /> },
        ]}
      />
      {opened && (
        <DeadLettersDialog
          app={app}
          channel={opened.channel}
          group={opened.group}
          onClose={() => setOpened(null)}
        />
      )}
    </Page>
  );
}
