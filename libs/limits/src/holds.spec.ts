import { describe, expect, test } from '@jest/globals';
import { type EffectiveLimits, NO_LIMITS, Problem } from '#contracts';
import fc from 'fast-check';
import { type HoldKind, Holds } from './holds.js';
import { LimitEvents } from './limit-events.js';
import type { Subject } from './subject.js';

const NAMES = [
  'holds_key',
  'holds_client',
  'holds_app',
  'holds_tenant',
  'streams_key',
  'requests_waiting_key',
] as const;
const someLimits = fc.dictionary(fc.constantFrom(...NAMES), fc.integer({ min: 1, max: 6 }));

describe('holds', () => {
  test('in any order of coming and going each count is what is held, and no limit is exceeded or refuses too early', () => {
    const come = fc.record({
      kind: fc.constantFrom<HoldKind>('hold', 'stream', 'request'),
      key: fc.integer({ min: 0, max: 3 }),
      client: fc.option(fc.constantFrom('ann', 'bob'), { nil: null }),
    });
    fc.assert(
      fc.property(
        someLimits,
        fc.array(fc.oneof(come, fc.nat({ max: 20 })), { maxLength: 150 }),
        (given, order) => {
          const limits = (Object.keys(given).length === 0 ? NO_LIMITS : given) as EffectiveLimits;
          const holds = new Holds(12, new LimitEvents(() => 0));
          const held: { subject: Subject; kind: HoldKind }[] = [];
          const counts = (subject: Subject, kind: HoldKind) => ({
            holds_key: held.filter((one) => one.subject.keyId === subject.keyId).length,
            holds_app: held.filter((one) => one.subject.appId === subject.appId).length,
            holds_tenant: held.length,
            holds_client:
              subject.clientId === null
                ? -1
                : held.filter(
                    ({ subject: s }) =>
                      s.appId === subject.appId && s.clientId === subject.clientId,
                  ).length,
            streams_key:
              kind === 'stream'
                ? held.filter((one) => one.subject.keyId === subject.keyId && one.kind === 'stream')
                    .length
                : -1,
            requests_waiting_key:
              kind === 'request'
                ? held.filter(
                    (one) => one.subject.keyId === subject.keyId && one.kind === 'request',
                  ).length
                : -1,
          });
          for (const step of order) {
            if (typeof step === 'number') {
              const [gone] = held.splice(step % Math.max(1, held.length), 1);
              if (gone) holds.release([gone.subject], gone.kind);
              continue;
            }
            const appId = `app${step.key % 2}`;
            const subject = {
              tenantId: 't',
              appId,
              keyId: `k${step.key}`,
              clientId: step.client,
              limits,
            };
            const now = counts(subject, step.kind);
            const isFull =
              held.length >= 12 || NAMES.some((name) => now[name] >= (limits[name] ?? Infinity));
            if (isFull) expect(() => holds.take([subject], step.kind)).toThrow(Problem);
            else {
              holds.take([subject], step.kind);
              held.push({ subject, kind: step.kind });
            }
            expect(holds.used('holds_server', '')).toBe(held.length);
            expect(holds.used('holds_key', subject.keyId)).toBe(
              held.filter((one) => one.subject.keyId === subject.keyId).length,
            );
          }
          for (const { subject, kind } of held) holds.release([subject], kind);
          for (const name of ['holds_server', 'holds_tenant', 'holds_app', 'holds_key'] as const) {
            for (const id of ['t', 'app0', 'app1', 'k0', 'k1', 'k2', 'k3'])
              expect(holds.used(name, id)).toBe(0);
          }
        },
      ),
    );
  });

  const of = (keyId: string, holds_key?: number): Subject => ({
    tenantId: 't',
    appId: 'a',
    keyId,
    clientId: null,
    limits: holds_key === undefined ? NO_LIMITS : { holds_key },
  });

  test('P8: a poll with several keys takes a place of each, and one of the server; refused, it takes none', () => {
    const holds = new Holds(2, new LimitEvents(() => 0));
    const [free, narrow] = [of('free'), of('narrow', 1)];
    holds.take([free, narrow]);
    expect(() => holds.take([free, narrow])).toThrow(/1 held requests/);
    expect(holds.used('holds_key', 'free')).toBe(1);
    holds.take([free]);
    expect(() => holds.take([free])).toThrow(expect.objectContaining({ code: 'unavailable' }));
    holds.release([free, narrow]);
    holds.take([narrow]);
    expect(holds.used('holds_server', '')).toBe(2);
  });
});
