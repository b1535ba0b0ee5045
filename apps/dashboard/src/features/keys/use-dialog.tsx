import { useQuery } from '@tanstack/react-query';
import { answered, api } from '../../api/client.js';
import { LIVE_MS } from '../../api/queries.js';
import { Button } from '../../ui/button.js';
import { Dialog } from '../../ui/dialog.js';
import { Loaded } from '../../ui/loaded.js';
import { Empty } from '../../ui/page.js';
import { Table } from '../../ui/paged-table.js';
import { Moment } from '../../ui/time.js';

interface Props {
  readonly app: string;
  readonly keyId: string;
  readonly name: string;
  readonly onClose: () => void;
}

/** Who would be refused if this key were revoked now. */
export function UseDialog({ app, keyId, name, onClose }: Props) {
  const query = useQuery({
    queryKey: ['apps', app, 'keys', keyId, 'use'],
    queryFn: () =>
      answered(api.GET('/v1/apps/{app}/keys/{key}/use', { params: { path: { app, key: keyId } } })),
    refetchInterval: LIVE_MS,
  });
  return (
    <Dialog
      title={`Who uses ${name}`}
      description="By address and user agent, some seconds behind; what was not seen for 90 days is forgotten."
      open
      onClose={onClose}
    >
      <Loaded query={query}>
        {({ callers }) =>
          callers.length === 0 ? (
            <Empty title="Nobody has used it in 90 days">Revoking it refuses nobody.</Empty>
          ) : (
            <Table
              caption="Callers"
              items={callers}
              keyOf={({ via, address, userAgent }) => [via, address, userAgent].join(' ')}
              columns={[
                {
                  head: 'Who',
                  cell: ({ via, address, userAgent, clientId }) => (
                    <div className="stack-small">
                      <strong>{via === 'key' ? address : 'With its tokens'}</strong>
                      <span className="small soft">
                        {via === 'token' &&
                          `last ${clientId ?? 'without a client id'}, ${address} `}
                        {userAgent || 'without a user agent'}
                      </span>
                    </div>
                  ),
                },
                { head: 'First', cell: ({ firstSeenAt }) => <Moment at={firstSeenAt} /> },
                { head: 'Last', cell: ({ lastSeenAt }) => <Moment at={lastSeenAt} /> },
              ]}
            />
          )
        }
      </Loaded>
      <div className="dialog-actions">
        <Button onClick={onClose}>Close</Button>
      </div>
    </Dialog>
  );
}
