import { describe, expect, test } from '@jest/globals';
import { publish, type EngineHarness } from './harness.js';

export function channelRules(harness: () => EngineHarness): void {
  const named = async (names: readonly string[], app = 'app1') => {
    for (const name of names) await publish(harness().engine, { app, name }, ['x']);
  };
  const list = (prefix: string, after: string | null = null, limit = 100, app = 'app1') =>
    harness().engine.channelNames({ app, prefix, after, limit });

  describe('names of channels', () => {
    test('are those that something was stored in, in the order of their bytes', async () => {
      const { engine } = harness();
      await named(['room:b', 'room:a', 'rooms', 'a', 'room:\u{1f600}', 'room:\uffee', '\u0001own']);
      await engine.tail({ app: 'app1', name: 'only asked for' });
      expect(await list('')).toEqual([
        '\u0001own',
        'a',
        'room:a',
        'room:b',
        'room:\uffee',
        'room:\u{1f600}',
        'rooms',
      ]);
      expect(await list('\u0001')).toEqual(['\u0001own']);
      expect(await list('nothing')).toEqual([]);
    });

    test('a page goes on after the name that the one before ended with, also if that is no channel', async () => {
      await named(['room:a', 'room:b', 'room:c', 'zoo']);
      expect(await list('room:', null, 2)).toEqual(['room:a', 'room:b']);
      expect(await list('room:', 'room:b', 2)).toEqual(['room:c']);
      expect(await list('room:', 'room:bb')).toEqual(['room:c']);
      expect(await list('room:', 'room:c')).toEqual([]);
      expect(await list('room:', 'a')).toEqual(['room:a', 'room:b', 'room:c']);
    });

    test('a purged channel is named still; P5: those of another app never', async () => {
      await named(['mine']);
      await named(['theirs'], 'app2');
      await named(['other'], 'app');
      await harness().engine.purge({ app: 'app1', name: 'mine' });
      expect(await list('')).toEqual(['mine']);
      expect(await list('', null, 100, 'app')).toEqual(['other']);
    });
  });
}
