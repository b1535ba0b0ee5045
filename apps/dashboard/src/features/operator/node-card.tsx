import type { paths } from '../../api/generated/control-plane.js';
import { bytes, whole } from '../../ui/figures.js';
import { Card, Facts } from '../../ui/page.js';
import { Moment } from '../../ui/time.js';
import { Fault, Named } from './health-head.js';

export type Nodes =
  paths['/v1/operator/nodes']['get']['responses'][200]['content']['application/json'];
type Node = Nodes['nodes'][number];
type Health = NonNullable<Node['health']>;

const ACK = {
  memory: 'in memory alone',
  'local-fsync': 'flushed to this disk',
  'quorum-fsync': 'flushed by most of the nodes',
} as const;

/** A delivery server: what it does, and how its log is. */
export function NodeCard({ node }: { readonly node: Node }) {
  const { id, isGone, health } = node;
  return (
    <Card
      title={
        <Named
          name={`Delivery ${health?.node ?? id}`}
          ok={!isGone && isReady(health)}
          word={isGone ? 'gone' : undefined}
        />
      }
    >
      {health?.draining && <Fault text="It is stopping: it takes nothing new." />}
      {health?.parts.map(({ name, fault }) => (
        <Fault key={name} text={fault} />
      ))}
      <div className="grid-2">
        <Facts items={[...known(node), ...(health ? work(health) : [])]} />
        {health && <Facts items={log(health.engine)} />}
      </div>
      {health === null && !isGone && (
        <p className="soft">It was not reached just now, so only what it asked for is known.</p>
      )}
    </Card>
  );
}

/** One that was not reached now may be as well as any. */
function isReady(health: Health | null): boolean {
  return health === null || (!health.draining && health.parts.every(({ ok }) => ok));
}

function known({ lastSeenAt, configVersion, behind }: Node) {
  const version = whole(configVersion);
  return [
    ['Last asked', <Moment key="l" at={lastSeenAt} />],
    [
      'Configuration',
      behind === 0 ? `${version}, the newest` : `${version}, ${whole(behind)} changes behind`,
    ],
  ] as const;
}

function work(health: Health) {
  return [
    ['Started', <Moment key="s" at={new Date(health.startedAt).toISOString()} />],
    ['Memory', bytes(health.memoryBytes)],
    ['Holds', whole(health.holds)],
    ['Streams and WebSockets', whole(health.streams)],
    ['Channels received from', whole(health.channels)],
    ['Present', whole(health.present)],
  ] as const;
}

function log(engine: Health['engine']) {
  const { ack, position, epoch, readMs, commitMs, bytes: size, freeBytes, floorBytes } = engine;
  const told = (name: string, value: number | null, text: (value: number) => string) =>
    value === null ? [] : [[name, text(value)] as const];
  const ms = (value: number) => `${value} ms`;
  return [
    ['Acknowledged means', ACK[ack]],
    ['Newest position', whole(position)],
    ['Epoch', <code key="e">{epoch}</code>],
    ['Reading took', ms(readMs)],
    ...told('The last commit took', commitMs, ms),
    ...told('The log takes', size, bytes),
    ...told('Free on its disk', freeBytes, bytes),
    ...told('Publishing stops below', floorBytes, bytes),
  ] as const;
}
