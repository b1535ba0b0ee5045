import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import {
  CONTROL_LIMIT_NAMES,
  LIMIT_NAMES,
  LIMITS,
  PROBLEMS,
  type LimitEntry,
  type LimitName,
} from '#contracts';
import { EdgeSite, type Answer } from '../testing/edge-site.js';

type Counted = Exclude<LimitName, (typeof CONTROL_LIMIT_NAMES)[number]>;

/** How one limit is driven: `use` is one use of it (the `n`th), or for a size one request of size `n`. */
interface Drive {
  /** What the limit is set to, where a plan sets it; otherwise what it always is. */
  readonly max: number;
  readonly use: (n: number) => Promise<Answer>;
  /** What has to be there before; not counted. */
  readonly before?: () => Promise<void>;
  /** Uses that are to go on, as held requests do, are begun and not awaited. */
  readonly holds?: (n: number) => Promise<{ readonly answer: Promise<Answer> }>;
  /** Milliseconds after which there is room for one more. */
  readonly frees?: number;
}

const HOLDS = 4;
let site: EdgeSite;
let client = '';
beforeAll(async () => {
  site = await new EdgeSite({ maxHolds: HOLDS }).start();
});
afterEach(() => site.letGo());
afterAll(() => site.stop());

const asClient = async (): Promise<void> => {
  client = await site.token('ann');
};
const receive = (n: number) => `/v1/channels/held-${n}/messages?wait=30`;
const hold = (as?: () => string) => (n: number) => site.hold(receive(n), as ? { as: as() } : {});
const textOf = (bytes: number) => 'x'.repeat(bytes - '{"data":""}'.length);
const never = (): Promise<Answer> => Promise.reject(new Error('this limit is driven by holds'));

const DRIVES: Record<Counted, Drive> = {
  requests_per_second_key: {
    max: 5,
    frees: 200,
    use: () => site.ask('/v1/channels/a/history'),
  },
  failed_authentications_per_minute_address: {
    max: LIMITS.failed_authentications_per_minute_address.ceiling,
    frees: 100,
    use: (n) =>
      site.ask('/v1/channels/a/history', {
        as: `Bearer wrong-${n}`,
        headers: { 'x-forwarded-for': '203.0.113.9' },
      }),
  },
  tokens_per_second_key: { max: 3, frees: 334, use: () => site.ask('/v1/tokens', { json: {} }) },
  publishes_per_second_key: { max: 5, frees: 200, use: (n) => site.publish(`c${n}`) },
  publishes_per_second_client: {
    max: 4,
    frees: 250,
    before: asClient,
    use: (n) => site.publish(`c${n}`, n, { as: client }),
  },
  publishes_per_second_channel: { max: 4, frees: 250, use: () => site.publish('one') },
  publishes_per_second_tenant: {
    max: 6,
    frees: 167,
    use: (n) => site.publish(`c${n}`, n, { as: n % 2 === 0 ? site.key.header : other() }),
  },
  publish_bytes_per_second_tenant: {
    max: 60,
    frees: 167,
    // Ten bytes each.
    use: () => site.publish('bytes'),
  },
  direct_messages_per_second_client: {
    max: 3,
    frees: 334,
    before: asClient,
    use: (n) => site.ask(`/v1/clients/bob${n}/messages`, { json: { data: 1 }, as: client }),
  },
  holds_key: { max: 3, use: never, holds: hold() },
  holds_client: { max: 2, before: asClient, use: never, holds: hold(() => client) },
  holds_app: {
    max: 3,
    use: never,
    holds: (n) => site.hold(receive(n), { as: n % 2 ? other() : site.key.header }),
  },
  holds_tenant: {
    max: 3,
    use: never,
    holds: (n) => site.hold(receive(n), { as: n % 2 ? other() : site.key.header }),
  },
  holds_server: { max: HOLDS, use: never, holds: hold() },
  streams_key: {
    max: 2,
    use: () => site.ask('/v1/channels/s/messages', { headers: { accept: 'text/event-stream' } }),
  },
  requests_waiting_key: {
    max: 2,
    use: never,
    holds: (n) => site.hold('/v1/channels/q/requests?wait=30', { json: { data: n } }),
  },
  channels_live_app: { max: 3, use: never, holds: hold() },
  message_bytes: { max: 100, use: (n) => site.publish('m', textOf(n)) },
  body_bytes: { max: 200, use: (n) => site.publish('m', textOf(n)) },
  batch_messages: {
    max: 7,
    use: (n) =>
      site.ask('/v1/messages', {
        json: { messages: Array.from({ length: n }, (_, i) => ({ channel: `b${i}`, data: i })) },
      }),
  },
  poll_channels: {
    max: 3,
    use: (n) =>
      site.ask('/v1/poll', {
        json: {
          wait: 0,
          subscriptions: [{ channels: Array.from({ length: n }, (_, i) => `p${i}`) }],
        },
      }),
  },
  publishes_per_day_tenant: {
    max: 4,
    frees: 24 * 3_600_000,
    use: (n) => site.publish(`c${n}`),
  },
  publishes_per_month_tenant: {
    max: 5,
    frees: 31 * 24 * 3_600_000,
    use: (n) => site.publish(`c${n}`),
  },
  presence_members_channel: {
    max: 3,
    use: (n) => site.ask(`/v1/channels/here/presence/c${n}`, { method: 'PUT', json: {} }),
  },
  presence_members_app: {
    max: 3,
    use: (n) => site.ask(`/v1/channels/here${n}/presence/c`, { method: 'PUT', json: {} }),
  },
  groups_channel: {
    max: 3,
    use: (n) => site.ask(`/v1/channels/g/groups/g${n}`, { method: 'PUT', json: {} }),
  },
};

/** Another key of the same app. */
let made: { app: string; header: string } | null = null;
function other(): string {
  if (made?.app !== site.app.id) {
    made = { app: site.app.id, header: site.world.addKey(site.app.id).header };
  }
  return made.header;
}

const entryOf = (name: Counted): LimitEntry => LIMITS[name];
/** One that stands for the limit's own success: a wrong credential is told what is wrong with it. */
const isAdmitted = (name: Counted, status: number): boolean =>
  name === 'failed_authentications_per_minute_address' ? status === 401 : status < 300;

function expectRefusal(name: Counted, answer: Answer, used: number): void {
  const { max } = DRIVES[name];
  const { scope, code, kind } = entryOf(name);
  expect(answer.status).toBe(PROBLEMS[code].status);
  const { body } = answer;
  expect(body).toMatchObject({ code, limit: { name, max, used } });
  // Of a message's size the namespace has a say too, and it is told whose limit it was.
  expect(body.limit.scope).toBe(scope);
  expect(body.type).toBe(`http://docs.test/docs/errors/${code}`);
  const isTimed = kind === 'rate' || kind === 'quota';
  expect(body.limit.resetAt !== null).toBe(isTimed);
  if (answer.status === 429 || answer.status === 402) {
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    expect(answer.headers.get('ratelimit-policy')).toMatch(new RegExp(`^"${name}";q=${max}`));
    expect(answer.headers.get('ratelimit')).toMatch(
      new RegExp(`^"${name}";r=${max - used}(;t=\\d+)?$`),
    );
  }
}

describe('P8: every limit of the catalogue admits exactly its maximum, and says so', () => {
  test('no limit that delivery counts is left out of this table', () => {
    const control: readonly string[] = CONTROL_LIMIT_NAMES;
    const expected = LIMIT_NAMES.filter((name) => !control.includes(name));
    expect(Object.keys(DRIVES).sort()).toEqual([...expected].sort());
  });

  test.each(Object.keys(DRIVES) as Counted[])('%s', async (name) => {
    const { max, use, before, holds, frees } = DRIVES[name];
    site.tenant(entryOf(name).inPlan ? { [name]: max } : {});
    await before?.();
    if (entryOf(name).kind === 'size') {
      expect(isAdmitted(name, (await use(max)).status)).toBe(true);
      expectRefusal(name, await use(max + 1), max + 1);
      return;
    }
    if (holds) {
      for (let n = 0; n < max; n++) await holds(n);
      const refused = await (await holds(max)).answer;
      expectRefusal(name, refused, max);
      return;
    }
    const units = name === 'publish_bytes_per_second_tenant' ? max / 10 : max;
    for (let n = 0; n < units; n++) {
      expect(isAdmitted(name, (await use(n)).status)).toBe(true);
    }
    expectRefusal(name, await use(units), max);
    if (frees === undefined) return;
    site.clock.jump(frees);
    expect(isAdmitted(name, (await use(units + 1)).status)).toBe(true);
  });
});
