/** Every scenario: what it is called, how large it is in a full and in a quick run, and its goal. */

/**
 * `goal.ratio`: Holdline's figure over the bare server's; `goal.value`: Holdline's own;
 * `goal.over`: by how much Holdline's may exceed the bare server's; `goal.below`: the scenario whose
 * figure of Holdline it stays under. `alone`: of something that the bare server has not.
 * @typedef {{ ratio?: number, value?: number, over?: number, below?: string }} Goal
 * @typedef {{ name: string, title: string, kind: string, unit: 'µs' | 'kB' | 'ms' | 'answers' | '×', of: string,
 *   fresh: boolean, alone?: true, goal: Goal | null, full: Record<string, unknown>, quick: Record<string, unknown> }} Scenario
 */

/** Rounds of each scenario; each round measures both servers, one after the other. */
export const ROUNDS = { full: 3, quick: 1 };

const single = { connections: 64, batch: 1 };
const hundred = { connections: 8, batch: 100 };

/**
 * The scenarios about memory come first and want fresh processes: whatever ran before leaves room
 * in the heap, and holds that fill it would seem to cost nothing.
 * @type {readonly Scenario[]}
 */
export const SCENARIOS = [
  {
    name: 'idle5000',
    title: '5 000 idle holds on one channel',
    kind: 'idle',
    unit: 'kB',
    of: 'hold',
    fresh: true,
    goal: { over: 20 },
    full: { holds: 5000, separate: false },
    quick: { holds: 1000, separate: false },
  },
  {
    name: 'idlechannels5000',
    title: '5 000 idle holds on a channel each',
    kind: 'idle',
    unit: 'kB',
    of: 'hold',
    fresh: true,
    goal: null,
    full: { holds: 5000, separate: true },
    quick: { holds: 1000, separate: true },
  },
  {
    name: 'holds10000',
    title: '1 → 10 000 holds at once in one process',
    kind: 'fanout',
    unit: 'µs',
    of: 'delivery',
    fresh: false,
    goal: null,
    full: { holds: 10_000, messages: 3, warmup: 1 },
    quick: { holds: 10_000, messages: 1, warmup: 0 },
  },
  {
    name: 'fanout1000',
    title: '1 → 1 000 holds',
    kind: 'fanout',
    unit: 'µs',
    of: 'delivery',
    fresh: false,
    goal: { ratio: 1.4 },
    full: { holds: 1000, messages: 40, warmup: 100 },
    quick: { holds: 1000, messages: 10, warmup: 5 },
  },
  {
    name: 'fanout5000',
    title: '1 → 5 000 holds',
    kind: 'fanout',
    unit: 'µs',
    of: 'delivery',
    fresh: false,
    goal: { ratio: 1.4 },
    full: { holds: 5000, messages: 10, warmup: 20 },
    quick: { holds: 2000, messages: 2, warmup: 1 },
  },
  {
    name: 'channels5000',
    title: '5 000 channels × 1 hold',
    kind: 'channels',
    unit: 'µs',
    of: 'publish and delivery',
    fresh: false,
    goal: null,
    full: { holds: 5000, passes: 3, publishers: 32 },
    quick: { holds: 1000, passes: 1, publishers: 32 },
  },
  {
    name: 'publish',
    title: 'publish, one message a request',
    kind: 'publish',
    unit: 'µs',
    of: 'message',
    fresh: false,
    goal: { ratio: 2.5 },
    full: { ...single, requests: 20_000, ids: false },
    quick: { ...single, requests: 2000, ids: false },
  },
  {
    name: 'publishids',
    title: 'publish, one message a request, with ids',
    kind: 'publish',
    unit: 'µs',
    of: 'message',
    fresh: false,
    goal: { ratio: 2.5 },
    full: { ...single, requests: 20_000, ids: true },
    quick: { ...single, requests: 2000, ids: true },
  },
  {
    name: 'batch100',
    title: 'publish, 100 messages a request',
    kind: 'publish',
    unit: 'µs',
    of: 'message',
    fresh: false,
    goal: { value: 15 },
    full: { ...hundred, requests: 1000, ids: false },
    quick: { ...hundred, requests: 100, ids: false },
  },
  {
    name: 'batch100ids',
    title: 'publish, 100 messages a request, with ids',
    kind: 'publish',
    unit: 'µs',
    of: 'message',
    fresh: false,
    goal: { value: 15 },
    full: { ...hundred, requests: 1000, ids: true },
    quick: { ...hundred, requests: 100, ids: true },
  },
  {
    name: 'standing',
    title: '1 → 1 while 5 000 holds stand on other channels',
    kind: 'standing',
    unit: 'ms',
    of: 'p99 of a delivery',
    fresh: false,
    goal: { value: 15 },
    full: { holds: 5000, messages: 400, perSecond: 100 },
    quick: { holds: 1000, messages: 50, perSecond: 100 },
  },
  {
    name: 'ndjson1000',
    title: '1 → 1 000 NDJSON streams',
    kind: 'fanout',
    unit: 'µs',
    of: 'delivery',
    fresh: false,
    alone: true,
    goal: { below: 'fanout1000' },
    full: { over: 'ndjson', holds: 1000, messages: 40, warmup: 100 },
    quick: { over: 'ndjson', holds: 200, messages: 10, warmup: 2 },
  },
  {
    name: 'websocket1000',
    title: '1 → 1 000 WebSockets',
    kind: 'fanout',
    unit: 'µs',
    of: 'delivery',
    fresh: false,
    alone: true,
    goal: { below: 'fanout1000' },
    full: { over: 'websocket', holds: 1000, messages: 40, warmup: 100 },
    quick: { over: 'websocket', holds: 200, messages: 10, warmup: 2 },
  },
  {
    name: 'revocation',
    title: '5 000 holds with a token of a key that is revoked',
    kind: 'revocation',
    unit: 'ms',
    of: 'revocation, to the last end',
    fresh: false,
    alone: true,
    goal: { value: 1000 },
    full: { holds: 5000 },
    quick: { holds: 1000 },
  },
  {
    name: 'presence',
    title: '5 000 members enter before 500 watchers',
    kind: 'presence',
    unit: 'answers',
    of: 'watcher and 250 ms',
    fresh: false,
    alone: true,
    goal: { value: 1 },
    full: { members: 5000, withinMs: 1000, watchers: 500, connections: 250 },
    quick: { members: 500, withinMs: 500, watchers: 50, connections: 50 },
  },
  {
    name: 'noisy',
    title: 'beside a tenant at 20 times its rate',
    kind: 'noisy',
    unit: '×',
    of: 'p99 of a publish alone',
    fresh: false,
    alone: true,
    goal: { value: 1.2 },
    full: { ms: 8000 },
    quick: { ms: 1000 },
  },
];

/**
 * @param {Goal} goal
 * @param {string} unit
 */
export function goalText(goal, unit) {
  if (goal.ratio !== undefined) return `≤ ${goal.ratio} × bare`;
  if (goal.value !== undefined) return `≤ ${goal.value} ${unit}`;
  if (goal.over !== undefined) return `≤ bare + ${goal.over} ${unit}`;
  return `< ${SCENARIOS.find(({ name }) => name === goal.below)?.title}`;
}

/**
 * Null where what it is compared with was not measured.
 * @param {Goal} goal
 * @param {number} holdline
 * @param {number | undefined} bare
 * @param {(name: string) => number | undefined} figureOf Holdline's figure in another scenario
 * @returns {boolean | null}
 */
export function goalMet(goal, holdline, bare, figureOf) {
  if (goal.value !== undefined) return holdline <= goal.value;
  if (goal.below !== undefined) {
    const held = figureOf(goal.below);
    return held === undefined ? null : holdline < held;
  }
  if (bare === undefined) return null;
  if (goal.ratio !== undefined) return holdline <= bare * goal.ratio;
  return holdline <= bare + /** @type {number} */ (goal.over);
}
