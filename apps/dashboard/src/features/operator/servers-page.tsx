import { useQuery } from '@tanstack/react-query';
import type { paths } from '../../api/generated/control-plane.js';
import { bytes, whole } from '../../ui/figures.js';
import { Loaded } from '../../ui/loaded.js';
import { Badge, Card, Empty, Facts, Page } from '../../ui/page.js';
import { Table } from '../../ui/paged-table.js';
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
            <JobsCard jobs={api.jobs} />
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
                    ok={!node.isGone && isReady(node.health)}
                    word={node.isGone ? 'gone' : undefined}
                  />
                }
              >
                {node.health?.draining && <Fault text="It is stopping: it takes nothing new." />}
                {node.health?.parts.map(({ name, fault }) => (
                  <Fault key={name} text={fault} />
                ))}
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
                          ...logFigures(node.health.engine),
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

type Nodes = paths['/v1/operator/nodes']['get']['responses'][200]['content']['application/json'];
type Health = Nodes['nodes'][number]['health'];

/** One that was not reached now may be as well as any. */
function isReady(health: Health): boolean {
  return health === null || (!health.draining && health.parts.every(({ ok }) => ok));
}

function logFigures(engine: NonNullable<Health>['engine']): [string, string][] {
  const { commitMs, bytes: size, freeBytes, floorBytes } = engine;
  const figures: [string, string | null][] = [
    ['The last commit took', commitMs === null ? null : `${commitMs} ms`],
    ['The log takes', size === null ? null : bytes(size)],
    ['Free on its disk', freeBytes === null ? null : bytes(freeBytes)],
    ['Publishing stops below', floorBytes === null ? null : bytes(floorBytes)],
  ];
  return figures.flatMap(([name, value]) => (value === null ? [] : [[name, value]]));
}

function JobsCard({ jobs }: { readonly jobs: Nodes['api']['jobs'] }) {
  return (
    <Card title="What goes on in the background">
      {jobs.length === 0 ? (
        <Empty title="Nothing ran yet">Each job shows here once it has run.</Empty>
      ) : (
        <Table
          caption="What goes on in the background"
          items={jobs}
          keyOf={({ name }) => name}
          columns={[
            { head: 'Job', cell: ({ name }) => name },
            {
              head: 'State',
              cell: ({ fault }) => (
                <Badge tone={fault === null ? 'good' : 'bad'}>
                  {fault === null ? 'works' : 'failed'}
                </Badge>
              ),
            },
            { head: 'Last run', cell: ({ lastRunAt }) => <Moment at={lastRunAt} /> },
            { head: 'Last success', cell: ({ lastSuccessAt }) => <Moment at={lastSuccessAt} /> },
            { head: 'What was wrong', cell: ({ fault }) => fault ?? '' },
          ]}
        />
      )}
    </Card>
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
