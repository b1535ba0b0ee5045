import { expect, test } from '@jest/globals';
import type { EffectiveLimits } from '#contracts';
import { Limits, type Subject } from '#limits';
import { nearLimits, type NearParts } from './near-limits.js';

const clock = { now: () => 0, monotonic: () => 0 };
const limits = new Limits({ clock, slices: {} as never, maxHolds: 100 });
const held: EffectiveLimits = { holds_key: 5, holds_app: 10, holds_tenant: 40 };
const rows = { app: { id: 'app_a', tenantId: 'ten_a' }, key: { id: 'key_a', appId: 'app_a' } };

const parts: NearParts = {
  limits,
  store: {
    app: (id: string) => (id === rows.app.id ? rows.app : undefined),
    key: (id: string) => (id === rows.key.id ? rows.key : undefined),
    limits: () => held,
  } as never,
  presence: { membersOf: () => 0 },
};

const subject = (appId: string): Subject => ({
  ...{ keyId: 'key_a', appId, tenantId: 'ten_a', clientId: null },
  limits: held,
});

test('what is four fifths taken is told with whose it is, and what is not limited or not known never', () => {
  expect(nearLimits(parts)).toEqual([]);
  for (let n = 0; n < 4; n++) limits.holds.take([subject('app_a')]);
  expect(nearLimits(parts)).toEqual([
    {
      ...{ name: 'holds_key', tenantId: 'ten_a', appId: 'app_a', subject: 'key_a' },
      ...{ used: 4, max: 5 },
    },
  ]);
  limits.holds.take([{ ...subject('app_gone'), keyId: 'key_gone' }]);
  expect(nearLimits(parts)).toHaveLength(1);
  limits.holds.release([subject('app_a')]);
  expect(nearLimits(parts)).toEqual([]);
});

test('a flood makes one event, which says how often', () => {
  const whose = { tenantId: 'ten_a', appId: 'app_a', subject: 'key_a' };
  const note = () =>
    limits.events.note({
      ...{ ...whose, type: 'limit.reached' as const, name: 'holds_key' as const },
      ...{ max: 5, used: 5, resetAt: null },
    });
  for (let n = 0; n < 7; n++) note();
  expect(limits.events.list()).toMatchObject([{ name: 'holds_key', times: 7 }]);
});
