import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { answered, api } from '../../api/client.js';
import { keysQuery, LIVE_MS } from '../../api/queries.js';
import { useMay } from '../../api/use-me.js';
import { Button } from '../../ui/button.js';
import { Confirm } from '../../ui/confirm.js';
import { Badge, Empty, Page } from '../../ui/page.js';
import { PagedTable } from '../../ui/paged-table.js';
import { Moment } from '../../ui/time.js';
import { capabilityLines, type Capabilities } from './capabilities.js';
import { GraceClock, LastUsed } from './grace.js';
import { KeyDialog } from './key-dialog.js';
import { RotateDialog } from './rotate-dialog.js';
import { TesterCard } from './tester-card.js';
import { UseDialog } from './use-dialog.js';

const TONE = { active: 'good', expired: undefined, revoked: 'bad' } as const;

export function KeysPage() {
  const { app } = useParams({ from: '/shell/apps/$app/keys' });
  const query = useInfiniteQuery({ ...keysQuery(app), refetchInterval: LIVE_MS });
  const keys = query.data?.pages.flatMap(({ data }) => data) ?? [];
  const client = useQueryClient();
  const mayDevelop = useMay('develop');
  const [isNew, setNew] = useState(false);
  const [rotated, setRotated] = useState<{ id: string; name: string } | null>(null);
  const [looked, setLooked] = useState<{ id: string; name: string } | null>(null);
  const revoke = async (key: string) => {
    await answered(api.DELETE('/v1/apps/{app}/keys/{key}', { params: { path: { app, key } } }));
    await client.invalidateQueries({ queryKey: ['apps', app, 'keys'] });
  };
  return (
    <Page
      title="Keys"
      lead="Your servers publish and make client tokens with a key. A key never belongs in a browser."
      actions={
        mayDevelop && (
          <Button kind="main" onClick={() => setNew(true)}>
            New key
          </Button>
        )
      }
    >
      <PagedTable
        caption="Keys"
        query={query}
        keyOf={({ id }) => id}
        empty={
          <Empty title="No key yet">
            {mayDevelop
              ? 'Make one, and your server can publish.'
              : 'An owner or developer can make one.'}
          </Empty>
        }
        columns={[
          {
            head: 'Key',
            cell: ({ id, name, last4, mode }) => (
              <div className="stack-small">
                <strong>{name ?? 'Without a name'}</strong>
                <span className="small soft">
                  <code>
                    {id} … {last4}
                  </code>{' '}
                  {mode === 'test' && <Badge tone="accent">test</Badge>}
                </span>
              </div>
            ),
          },
          {
            head: 'May',
            cell: ({ capabilities, allowedIps }) => (
              <div className="stack-small small">
                {capabilityLines(capabilities as Capabilities).map((line) => (
                  <span key={line}>{line}</span>
                ))}
                {allowedIps.length > 0 && <span>only from {allowedIps.join(', ')}</span>}
              </div>
            ),
          },
          { head: 'State', cell: ({ status }) => <Badge tone={TONE[status]}>{status}</Badge> },
          {
            head: 'Works until',
            cell: ({ id, expiresAt, revokedAt, lastUsedAt }) => {
              const successor = keys.find(({ replaces }) => replaces === id);
              if (successor && expiresAt !== null && revokedAt === null)
                return (
                  <GraceClock
                    expiresAt={expiresAt}
                    lastUsedAt={lastUsedAt}
                    rotatedAt={successor.createdAt}
                  />
                );
              return (revokedAt ?? expiresAt) ? (
                <Moment at={revokedAt ?? expiresAt} />
              ) : (
                <span className="soft">no end</span>
              );
            },
          },
          {
            head: 'Last used',
            cell: ({ id, name, lastUsedAt }) => (
              <div className="stack-small">
                <LastUsed at={lastUsedAt} />
                {lastUsedAt !== null && (
                  <Button
                    size="small"
                    kind="plain"
                    aria-label={`By whom ${name ?? id} is used`}
                    onClick={() => setLooked({ id, name: name ?? id })}
                  >
                    By whom
                  </Button>
                )}
              </div>
            ),
          },
          { head: 'Made', cell: ({ createdAt }) => <Moment at={createdAt} day /> },
          {
            head: 'Actions',
            cell: ({ id, name, status }) =>
              mayDevelop &&
              status === 'active' && (
                <div className="row">
                  <Button
                    size="small"
                    aria-label={`Rotate ${name ?? id}`}
                    onClick={() => setRotated({ id, name: name ?? id })}
                  >
                    Rotate
                  </Button>
                  <Confirm
                    action="Revoke"
                    size="small"
                    label={`Revoke ${name ?? id}`}
                    title={`Revoke ${name ?? id}?`}
                    onConfirm={() => revoke(id)}
                  >
                    Whoever uses this key, or a token made with it, is refused within a second, and
                    what they hold ends. This cannot be undone; to change it without a break, rotate
                    it.
                  </Confirm>
                </div>
              ),
          },
        ]}
      />
      <TesterCard app={app} />
      {isNew && <KeyDialog app={app} onClose={() => setNew(false)} />}
      {looked && (
        <UseDialog app={app} keyId={looked.id} name={looked.name} onClose={() => setLooked(null)} />
      )}
      {rotated && (
        <RotateDialog
          app={app}
          keyId={rotated.id}
          name={rotated.name}
          onClose={() => setRotated(null)}
        />
      )}
    </Page>
  );
}
