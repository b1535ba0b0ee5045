import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Problem } from '#contracts';
import { APP } from '../testing/bench.js';
import { PresenceBench, SECOND, Watcher } from '../testing/presence-bench.js';
import type { Attendance } from './types.js';

/** The rules in the fewest words. */
class Reference {
  private readonly members = new Map<
    string,
    { data: number; polls: Set<number>; putUntil: number; graceUntil: number }
  >();

  list(now: number): [string, number][] {
    for (const [id, member] of this.members) {
      const until = Math.max(member.putUntil, member.graceUntil);
      if (member.polls.size === 0 && until <= now) this.members.delete(id);
    }
    return [...this.members].map(([id, { data }]): [string, number] => [id, data]).sort();
  }

  put(id: string, data: number, until: number): void {
    this.member(id, data).putUntil = until;
  }

  begin(id: string, data: number, poll: number): void {
    this.member(id, data).polls.add(poll);
  }

  end(id: string, poll: number, graceUntil: number, atOnce: boolean, isNew: boolean): void {
    const member = this.members.get(id);
    if (!member?.polls.delete(poll)) return;
    const isOnly = member.polls.size === 0 && member.putUntil === 0 && member.graceUntil === 0;
    if (atOnce && isNew && isOnly) this.members.delete(id);
    else member.graceUntil = graceUntil;
  }

  leave(id: string): void {
    this.members.delete(id);
  }

  has(id: string): boolean {
    return this.members.has(id);
  }

  clear(): void {
    this.members.clear();
  }

  private member(id: string, data: number) {
    let member = this.members.get(id);
    if (!member) {
      member = { data, polls: new Set<number>(), putUntil: 0, graceUntil: 0 };
      this.members.set(id, member);
    }
    member.data = data;
    return member;
  }
}

/** A list is refused while the log takes nothing; anything else is a fault. */
function notNow(fault: unknown): null {
  if (fault instanceof Problem && fault.code === 'unavailable') return null;
  throw fault;
}

const client = fc.constantFrom('ann', 'bob', 'cec', 'dan', 'eve');
const data = fc.integer({ min: 0, max: 2 });
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('put' as const), client, data }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('poll' as const), client, data }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('end' as const),
      which: fc.nat(),
      atOnce: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('leave' as const), client }) },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('pass' as const),
      ms: fc.constantFrom(50, 200, 300, 1000, 5000, 14_950, 15_000),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('watch' as const), pages: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('settle' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('restart' as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('fault' as const),
      fault: fc.constantFrom(...(['none', 'definite', 'unstored', 'stored', 'thrown'] as const)),
    }),
  },
);

test('members are those of the rules at every moment; a list of any moment and the changes after it give the truth', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const bench = new PresenceBench();
      const reference = new Reference();
      const polls: { id: number; client: string; isNew: boolean; attendance: Attendance }[] = [];
      const watchers: Watcher[] = [];
      const halfListed: { listed: Watcher; next: string | null }[] = [];
      const now = () => bench.clock.monotonic();
      let pollId = 0;
      let restartedAt = -Infinity;

      for (const one of steps) {
        switch (one.do) {
          case 'put':
            bench.put(one.client, one.data, 10 * SECOND);
            reference.put(one.client, one.data, now() + 10 * SECOND);
            break;
          case 'poll': {
            const isNew = !reference.has(one.client);
            const id = pollId++;
            polls.push({
              id,
              client: one.client,
              isNew,
              attendance: bench.attend(one.client, one.data),
            });
            reference.begin(one.client, one.data, id);
            break;
          }
          case 'end': {
            const [poll] = polls.splice(one.which % Math.max(1, polls.length), 1);
            if (!poll) break;
            poll.attendance.end(one.atOnce);
            reference.end(poll.client, poll.id, now() + 15 * SECOND, one.atOnce, poll.isNew);
            break;
          }
          case 'leave':
            bench.leave(one.client);
            reference.leave(one.client);
            break;
          case 'pass':
            await bench.pass(one.ms);
            break;
          case 'settle': {
            if (bench.engine.fault !== 'none') break;
            // Until a window's time has passed without news; after a restart readers may have to wait.
            for (let told = -1; told !== bench.items.length; await bench.pass(1500))
              told = bench.items.length;
            if (now() < restartedAt + 62 * SECOND) break;
            const truth = reference.list(now());
            for (const watcher of watchers) {
              watcher.apply(bench.items);
              expect(watcher.list.map((member) => [member.clientId, member.data])).toEqual(truth);
            }
            break;
          }
          case 'watch': {
            // A reader that pages slowly has the version of its first page.
            const page = await bench.list(null, one.pages ? 2 : 1000).catch(notNow);
            if (!page) break;
            const listed = new Watcher(page.members, page.version);
            if (page.next === null) watchers.push(listed);
            else halfListed.push({ listed, next: page.next });
            break;
          }
          case 'restart':
            bench.restart();
            restartedAt = now();
            reference.clear();
            polls.length = 0;
            // Who watches polls again.
            bench.presence.watch(APP, 'room');
            break;
          case 'fault':
            bench.engine.fault = one.fault;
            break;
        }
        expect(bench.presence.memberCount()).toBe(reference.list(now()).length);
        // Whoever lists changes what has to be told: not after every step.
        if (one.do !== 'watch') continue;
        const listed = await bench.list().catch(notNow);
        const expected = reference.list(now());
        if (!listed) expect(bench.engine.fault).not.toBe('none');
        else {
          const { members, count } = listed;
          expect(members.map((member) => [member.clientId, member.data])).toEqual(expected);
          expect(count).toBe(expected.length);
        }
      }

      for (const { listed, next } of halfListed) {
        for (let after = next; after !== null;) {
          const page = await bench.list(after, 2);
          for (const member of page.members) listed.members.set(member.clientId, member);
          after = page.next;
        }
        watchers.push(listed);
      }
      bench.engine.fault = 'none';
      await bench.pass(62 * SECOND);
      const truth = (await bench.list()).members;
      for (const watcher of watchers) expect(watcher.apply(bench.items).list).toEqual(truth);
      expect(new Watcher([], 0).apply(bench.items).list).toEqual(truth);
      bench.items.forEach((item, i) =>
        expect(item.previous).toBe(bench.items[i - 1]?.version ?? 0),
      );
      bench.presence.close();
    }),
    { numRuns: 300 },
  );
});
