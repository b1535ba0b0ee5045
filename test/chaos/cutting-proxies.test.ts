import { describe, expect, test } from '@jest/globals';
import { ControlPlane } from '../support/control-plane.js';
import { DeliveryClient } from '../support/delivery-client.js';
import { eventually } from '../support/eventually.js';
import { loadSdk } from '../support/sdk.js';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.js';
import { useHoldline } from '../support/use-holdline.js';
import { received } from '../support/wire.js';

/**
 * Paths that cut and paths that gather. In `npm test` with times of a tenth; `npm run test:proxies`
 * takes the real ones, and some five minutes.
 */
const site = useHoldline();
const { Holdline } = await loadSdk();

const SCALE = process.env['HOLDLINE_FULL'] === '1' ? 1 : 0.1;
const WINDOW_MS = 120_000 * SCALE;
const MESSAGES = 10_000;
const BURST = 500;

const PATHS = [
  { name: 'cuts at 20 s', cutMs: 20_000 * SCALE, buffers: false },
  { name: 'cuts at 45 s', cutMs: 45_000 * SCALE, buffers: false },
  { name: 'buffers everything', cutMs: 0, buffers: true },
];

/** What a reader was handed, in order, until it is stopped. */
interface Reading {
  readonly seen: readonly unknown[];
  stop(): Promise<void>;
}
type Read = (url: string, key: string, channel: string) => Promise<Reading>;

const READERS: Readonly<Record<string, Read>> = {
  'the SDK': async (url, key, channel) => {
    const seen: unknown[] = [];
    const faults: unknown[] = [];
    const client = new Holdline({ url, key });
    const room = client.channel(channel);
    room.on('gap', (gap) => faults.push(gap));
    room.subscribe((message) => void seen.push(message.data));
    await room.ready();
    const stop = () => {
      client.close();
      expect(faults).toEqual([]);
      return Promise.resolve();
    };
    return { seen, stop };
  },

  'a loop of held requests': async (url, key, channel) => {
    const seen: unknown[] = [];
    const direct = new DeliveryClient(site.holdline.deliveryUrl, key);
    const through = new DeliveryClient(url, key);
    let cursor = await direct.now(channel);
    let isOn = true;
    let held = through.start(`/v1/channels/${channel}/messages?cursor=${cursor}`);
    const loop = (async () => {
      while (isOn) {
        try {
          const answer = received(await held.reply);
          seen.push(...answer.messages.map((one) => one.data));
          cursor = answer.cursor;
        } catch {
          // As a client that backs off: its next poll comes after the server saw the cut.
          await direct.settle();
        }
        held = through.start(`/v1/channels/${channel}/messages?cursor=${cursor}`);
      }
      held.abort();
      await held.reply.catch(() => undefined);
    })();
    const stop = () => {
      isOn = false;
      held.abort();
      return loop;
    };
    return { seen, stop };
  },
};

/** One reader on one path, with an app of its own: what a path does is learned for each app. */
async function run(path: (typeof PATHS)[number], read: Read): Promise<{ cuts: number[] }> {
  const tenant = await ControlPlane.signUp(site.holdline.apiUrl, 'Paths');
  const { key } = await tenant.createKey(await tenant.createApp('paths'));
  const client = await new DeliveryClient(site.holdline.deliveryUrl, key).known();
  const proxy = await startTcpProxy(site.holdline.deliveryUrl);
  proxy.cutIdleMs = path.cutMs;
  proxy.buffersAll = path.buffers;
  const reading = await read(proxy.url, key, 'news');
  try {
    let sent = 0;
    const burst = async (most = BURST) => {
      const size = Math.min(most, MESSAGES - sent);
      if (size > 0) await client.publish('news', numbers(sent, size));
      sent += size;
    };
    // Three cuts; what is published in the moment after each must not be missed.
    if (path.cutMs > 0) await learn(proxy, path.cutMs, burst);
    const atFirst = proxy.idleCuts;
    // Quiet for less and for longer than the path lets pass, by turns. A hold is the clock.
    const waits = [path.cutMs * 1.3, path.cutMs * 0.5, 5_000 * SCALE];
    const until = performance.now() + WINDOW_MS;
    for (let n = 0; performance.now() < until; n++) {
      await client.receive('clock', { wait: Math.ceil((waits[n % waits.length] ?? 0) / 1000) });
      await burst();
    }
    while (sent < MESSAGES) await burst();
    await eventually('all are there', 30_000, () => reading.seen.length >= MESSAGES);
    await client.settle();
    expect(reading.seen).toEqual(numbers(0, MESSAGES).map(({ data }) => data));
    return { cuts: [atFirst, proxy.idleCuts - atFirst] };
  } finally {
    await reading.stop();
    await proxy.close();
  }
}

async function learn(proxy: TcpProxy, cutMs: number, onCut: () => Promise<void>): Promise<void> {
  for (let cuts = 1; cuts <= 3; cuts++) {
    await eventually(`cut ${cuts}`, cutMs + 15_000, () => proxy.idleCuts >= cuts);
    await onCut();
  }
}

const numbers = (from: number, count: number) =>
  Array.from({ length: count }, (_, n) => ({ data: from + n }));

describe('P3, P4: after three cuts none more, and of 10 000 messages none lost or doubled', () => {
  const lanes = PATHS.flatMap((path) =>
    Object.entries(READERS).map(([name, read]) => ({ path, name, read })),
  );
  // All at the same time: together they take as long as the slowest.
  const runs = new Map<string, ReturnType<typeof run>>();
  const started = () => {
    if (runs.size > 0) return;
    for (const { path, name, read } of lanes) {
      const going = run(path, read);
      going.catch(() => undefined);
      runs.set(`${path.name}, ${name}`, going);
    }
  };

  test.each(lanes)(
    'a path that $path.name, read by $name',
    async ({ path, name }) => {
      started();
      const { cuts } = await (runs.get(`${path.name}, ${name}`) as ReturnType<typeof run>);
      expect(cuts).toEqual([path.cutMs > 0 ? 3 : 0, 0]);
    },
    60_000 + 500_000 * SCALE,
  );
});
