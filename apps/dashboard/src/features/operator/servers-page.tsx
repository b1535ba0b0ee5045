import { useQuery } from '@tanstack/react-query';
import { bytes, whole } from '../../ui/figures.js';
import { Loaded } from '../../ui/loaded.js';
import { Badge, Card, Empty, Facts, Page } from '../../ui/page.js';
import { Moment } from '../../ui/time.js';
import { nodesQuery } from './operator-queries.js';

const ACK = {
  memory: 'in memory alone',
  'local-fsync': 'flushed to this disk',
  'quorum-fsync': 'flushed by most of the nodes',
} as const;

export function ServersPage() {
  const query = useQuery(nodesQuery);
  return (
    <Page
      title="Servers"
      lead="Which are there, which configuration each works with, and how its log is. Looked at anew every few seconds."
    >
      <Loaded query={query}>
        {({ api, delivery, nodes }) => (
          <>
            <div className="grid-2">
              <Card title={<Named name="Control plane" ok={api.database.ok} />}>
                <Fault text={api.database.fault} />
                <Facts
                  items={[
                    ['Database', api.database.ok ? 'answers' : 'away'],
                    ['Configuration', api.configVersion === null ? '–' : whole(api.configVersion)],
                    ['Usage counted up to', <Moment key="u" at={api.usageUpTo} />],
                    ['Started', <Moment key="s" at={api.startedAt} />],
                    ['Memory', bytes(api.memoryBytes)],
                  ]}
                />
              </Card>
              <Card title={<Named name="Delivery as a whole" ok={delivery.ok} />}>
                <Fault text={delivery.fault} />
                <p className="soft">
                  {delivery.ok
                    ? 'It is ready: messages flow.'
                    : 'Messages do not flow. Look at /readyz of the delivery server.'}
                </p>
              </Card>
            </div>
            {nodes.length === 0 && (
              <Card>
                <Empty title="No delivery server has asked for its configuration">
                  Start one; it shows here within seconds.
                </Empty>
              </Card>
            )}
            {nodes.map((node) => (
              <Card
                key={node.id}
                title={
                  <Named
                    name={`Delivery ${node.health?.node ?? node.id}`}
                    ok={!node.isGone && (node.health?.engine.ok ?? true)}
                    word={node.isGone ? 'gone' : undefined}
                  />
                }
              >
                <Fault text={node.health?.engine.fault ?? null} />
                <Facts
                  items={[
                    ['Last asked', <Moment key="l" at={node.lastSeenAt} />],
                    [
                      'Configuration',
                      node.behind === 0
                        ? `${whole(node.configVersion)}, the newest`
                        : `${whole(node.configVersion)}, ${whole(node.behind)} changes behind`,
                    ],
                    ...(node.health === null
                      ? []
                      : ([
                          ['Holds', whole(node.health.holds)],
                          ['Streams and WebSockets', whole(node.health.streams)],
                          ['Channels received from', whole(node.health.channels)],
                          ['Present', whole(node.health.present)],
                          [
                            'Started',
                            <Moment key="s" at={new Date(node.health.startedAt).toISOString()} />,
                          ],
                          ['Memory', bytes(node.health.memoryBytes)],
                          ['Acknowledged means', ACK[node.health.engine.ack]],
                          ['Newest position', whole(node.health.engine.position)],
                          ['Epoch', <code key="e">{node.health.engine.epoch}</code>],
                          ['Reading from the log', `${node.health.engine.readMs} ms`],
                        ] as const)),
                  ]}
                />
              </Card>
            ))}
          </>
        )}
      </Loaded>
    </Page>
  );
}

interface NamedProps {
  readonly name: string;
  readonly ok: boolean;
  readonly word?: string | undefined;
}

function Named({ name, ok, word }: NamedProps) {
  return (
    <>
      {name} <Badge tone={ok ? 'good' : 'bad'}>{word ?? (ok ? 'healthy' : 'in trouble')}</Badge>
    </>
  );
}

function Fault({ text }: { readonly text: string | null }) {
  if (text === null) return null;
  return (
    <div className="note" data-tone="bad" role="alert">
      {text}
    </div>
  );
}
