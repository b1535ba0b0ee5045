import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  check,
  type FinalLog,
  type History,
  type PublishAttempt,
  type ReaderTrace,
  type Violation,
} from './checker.js';

type Entry = FinalLog['entries'][number];

/** A true history: publishes one after another (some refused, some unanswered), one channel, two readers. */
const history: fc.Arbitrary<History> = fc
  .record({
    publishes: fc.array(
      fc.record({
        size: fc.integer({ min: 1, max: 4 }),
        outcome: fc.constantFrom('ok', 'ok', 'ok', 'fail', 'stored, no answer', 'lost on the way'),
        retried: fc.boolean(),
        step: fc.integer({ min: 1, max: 9 }),
      }),
      { minLength: 3, maxLength: 20 },
    ),
    from: fc.nat(),
    to: fc.nat(),
  })
  .map(({ publishes, from, to }) => {
    const attempts: PublishAttempt[] = [];
    const entries: Entry[] = [];
    let position = 0;
    let time = 0;
    for (const [n, { size, outcome, retried, step }] of publishes.entries()) {
      const ids = Array.from({ length: size }, (_, i) => `m${n}.${i}`);
      const base = { channel: 'c', ids };
      const store = () =>
        ids.map((id) => {
          const previous = position;
          position += step;
          entries.push({ id, position, previous });
          return position;
        });
      const interval = () => ({ invoked: ++time, ended: ++time });
      if (outcome === 'fail') attempts.push({ ...base, ...interval(), outcome: 'fail' });
      else if (outcome === 'lost on the way') {
        attempts.push({ ...base, ...interval(), outcome: 'indefinite' });
        if (retried) attempts.push({ ...base, ...interval(), outcome: 'ok', positions: store() });
      } else if (outcome === 'stored, no answer') {
        const positions = store();
        attempts.push({ ...base, ...interval(), outcome: 'indefinite' });
        if (retried) attempts.push({ ...base, ...interval(), outcome: 'ok', positions });
      } else attempts.push({ ...base, ...interval(), outcome: 'ok', positions: store() });
    }
    const places = [0, ...entries.map((entry) => entry.position)];
    const [a, b] = [from % places.length, to % places.length].sort((x, y) => x - y) as [
      number,
      number,
    ];
    const all = traceOf('all', entries, 0, position);
    const some = traceOf('some', entries, places[a] as number, places[b] as number);
    return { attempts, logs: [{ channel: 'c', entries }], traces: [all, some] };
  });

function traceOf(reader: string, entries: readonly Entry[], from: number, to: number): ReaderTrace {
  const seen = entries.filter((entry) => entry.position > from && entry.position <= to);
  return {
    reader,
    channel: 'c',
    from,
    to,
    ids: seen.map((entry) => entry.id),
    positions: seen.map((entry) => entry.position),
    previous: seen.map((entry) => entry.previous),
    lost: [],
  };
}

/** The same log with other entries, each `previous` made to fit: only the change itself can be noticed. */
function withLog(
  before: History,
  entries: readonly Entry[],
  traces: readonly ReaderTrace[] = [],
): History {
  let last = 0;
  const linked = entries.map((entry) => {
    const previous = last;
    last = entry.position;
    return { ...entry, previous };
  });
  return { ...before, logs: [{ channel: 'c', entries: linked }], traces };
}

const entriesOf = (one: History) => one.logs[0]?.entries as readonly Entry[];
const full = (one: History) => one.traces[0] as ReaderTrace;
const acked = (one: History) => one.attempts.filter((attempt) => attempt.outcome === 'ok');
const promises = (violations: readonly Violation[]) =>
  violations.map((violation) => violation.promise);

/** Every history that the lie can be told about is caught, with the promise that it breaks. */
function caught(
  promise: Violation['promise'],
  lie: (truth: History, pick: (below: number) => number) => History | null,
) {
  let told = 0;
  fc.assert(
    fc.property(history, fc.nat(), (truth, seed) => {
      const changed = lie(truth, (below) => seed % below);
      if (changed === null) return;
      told++;
      expect(promises(check(changed))).toContain(promise);
    }),
    { numRuns: 300 },
  );
  expect(told).toBeGreaterThan(50);
}

const without = <T>(list: readonly T[], at: number): T[] => list.filter((_, n) => n !== at);

describe('the checker', () => {
  test('finds nothing wrong with a true history', () => {
    fc.assert(fc.property(history, (truth) => expect(check(truth)).toEqual([])));
  });

  test('accepts a gap that the reader was told of', () => {
    fc.assert(
      fc.property(history, fc.nat(), (truth, seed) => {
        const trace = full(truth);
        fc.pre(trace.positions.length > 0);
        const at = seed % trace.positions.length;
        const position = trace.positions[at] as number;
        const gap = { after: position - 1, to: position };
        const told = { ...trace, ...skip(trace, at), lost: [gap] };
        expect(check({ ...truth, traces: [told] })).toEqual([]);
      }),
    );
  });
});

function skip(trace: ReaderTrace, at: number) {
  return {
    ids: without(trace.ids, at),
    positions: without(trace.positions, at),
    previous: without(trace.previous, at),
  };
}

describe('P1: an acknowledged message that is lost or twice there is caught', () => {
  test('lost from the log', () => {
    caught('P1', (truth, pick) => {
      const ids = acked(truth).flatMap((attempt) => attempt.ids);
      if (ids.length === 0) return null;
      const gone = ids[pick(ids.length)];
      return withLog(
        truth,
        entriesOf(truth).filter((entry) => entry.id !== gone),
      );
    });
  });

  test('stored twice', () => {
    caught('P1', (truth, pick) => {
      const entries = entriesOf(truth);
      const one = entries[pick(entries.length || 1)];
      if (!one) return null;
      const end = entries.at(-1)?.position as number;
      return withLog(truth, [...entries, { ...one, position: end + 1 }]);
    });
  });

  test('acknowledged at a position where it is not', () => {
    caught('P1', (truth, pick) => {
      const list = acked(truth);
      const one = list[pick(list.length || 1)];
      if (!one) return null;
      const moved = { ...one, positions: (one.positions ?? []).map((position) => position + 1) };
      return {
        ...truth,
        attempts: truth.attempts.map((attempt) => (attempt === one ? moved : attempt)),
      };
    });
  });

  test('stored though nobody published it', () => {
    caught('P1', (truth) => {
      const entries = entriesOf(truth);
      return withLog(truth, [
        ...entries,
        { id: 'ghost', position: (entries.at(-1)?.position ?? 0) + 1, previous: 0 },
      ]);
    });
  });

  test('half of an unanswered array is stored', () => {
    caught('P1', (truth) => {
      const log = entriesOf(truth);
      const one = truth.attempts.find(
        (attempt) =>
          attempt.outcome === 'indefinite' &&
          attempt.ids.length > 1 &&
          log.some((entry) => entry.id === attempt.ids[0]) &&
          !acked(truth).some((other) => other.ids[0] === attempt.ids[0]),
      );
      return one
        ? withLog(
            truth,
            log.filter((entry) => entry.id !== one.ids[0]),
          )
        : null;
    });
  });
});

describe('P2: another order than the promised one is caught', () => {
  test('two messages that were sent one after the other have changed places', () => {
    caught('P2', (truth, pick) => {
      const singles = acked(truth).filter((attempt) => attempt.ids.length === 1);
      if (singles.length < 2) return null;
      const [a, b] = [singles[pick(singles.length - 1)], singles.at(-1)] as [
        PublishAttempt,
        PublishAttempt,
      ];
      if (a === b) return null;
      const swap = new Map([
        [a.ids[0], b.ids[0]],
        [b.ids[0], a.ids[0]],
      ]);
      const entries = entriesOf(truth).map((entry) => ({
        ...entry,
        id: swap.get(entry.id) ?? entry.id,
      }));
      return withLog(truth, entries);
    });
  });

  test('`previous` names another message', () => {
    caught('P2', (truth, pick) => {
      const entries = entriesOf(truth);
      if (entries.length === 0) return null;
      const at = pick(entries.length);
      const broken = entries.map((entry, n) =>
        n === at ? { ...entry, previous: entry.previous + 1 } : entry,
      );
      return { ...truth, logs: [{ channel: 'c', entries: broken }], traces: [] };
    });
  });

  test('something stands between two messages of one array', () => {
    caught('P2', (truth) => {
      const entries = entriesOf(truth);
      const array = acked(truth).find((attempt) => attempt.ids.length > 1);
      const at = entries.findIndex((entry) => entry.id === array?.ids[0]);
      const stray = entries.find((entry) => !array?.ids.includes(entry.id));
      if (at < 0 || !stray) return null;
      const rest = entries.filter((entry) => entry !== stray);
      const place = rest.findIndex((entry) => entry.id === array?.ids[0]) + 1;
      return withLog(truth, [...rest.slice(0, place), stray, ...rest.slice(place)]);
    });
  });

  test('a reader is handed another message at a position than the log has', () => {
    caught('P2', (truth, pick) => {
      const trace = full(truth);
      if (trace.ids.length === 0) return null;
      const at = pick(trace.ids.length);
      const ids = trace.ids.map((id, n) => (n === at ? 'other' : id));
      return { ...truth, traces: [{ ...trace, ids }] };
    });
  });

  test('a reader is handed another `previous` than the log has', () => {
    caught('P2', (truth, pick) => {
      const trace = full(truth);
      if (trace.ids.length === 0) return null;
      const at = pick(trace.ids.length);
      const previous = trace.previous.map((one, n) => (n === at ? one + 1 : one));
      return { ...truth, traces: [{ ...trace, previous }] };
    });
  });
});

describe('P3 and P4: a reader that sees a message twice, late or never is caught', () => {
  test('twice', () => {
    caught('P3', (truth, pick) => {
      const trace = full(truth);
      if (trace.ids.length === 0) return null;
      const again = <T>(list: readonly T[]): T[] => [...list, list[pick(list.length)] as T];
      const { ids, positions, previous } = trace;
      return {
        ...truth,
        traces: [
          { ...trace, ids: again(ids), positions: again(positions), previous: again(previous) },
        ],
      };
    });
  });

  test('late', () => {
    caught('P3', (truth, pick) => {
      const trace = full(truth);
      if (trace.ids.length < 2) return null;
      const at = pick(trace.ids.length - 1);
      const late = <T>(list: readonly T[]): T[] => [...without(list, at), list[at] as T];
      const { ids, positions, previous } = trace;
      return {
        ...truth,
        traces: [
          { ...trace, ids: late(ids), positions: late(positions), previous: late(previous) },
        ],
      };
    });
  });

  test('never', () => {
    caught('P4', (truth, pick) => {
      const trace = full(truth);
      return trace.ids.length === 0
        ? null
        : { ...truth, traces: [{ ...trace, ...skip(trace, pick(trace.ids.length)) }] };
    });
  });

  test('never, outside the gap that it was told of', () => {
    caught('P4', (truth) => {
      const trace = full(truth);
      if (trace.positions.length < 2) return null;
      const lost = [{ after: 0, to: trace.positions[0] as number }];
      return { ...truth, traces: [{ ...trace, ...skip(trace, trace.positions.length - 1), lost }] };
    });
  });
});

describe('P8: a refused message that is stored is caught', () => {
  test('stored though every attempt was refused', () => {
    caught('P8', (truth) => {
      const ids = truth.attempts
        .filter((attempt) => attempt.outcome === 'fail')
        .flatMap((attempt) => attempt.ids);
      const entries = entriesOf(truth);
      const end = entries.at(-1)?.position ?? 0;
      return ids.length === 0
        ? null
        : withLog(truth, [...entries, { id: ids[0] as string, position: end + 1, previous: 0 }]);
    });
  });
});
