import { describe, expect, test } from '@jest/globals';
import type { EngineHarness } from './harness.js';

export function directoryRules(harness: () => EngineHarness): void {
  describe('directory', () => {
    test('a claimed client is homed on this node, since the claim', async () => {
      const { engine, clock } = harness();
      expect(engine.node).not.toBe('');
      expect(await engine.directory.find('app1', 'ann')).toBeNull();
      const since = clock.now();
      engine.directory.claim('app1', 'ann');
      clock.advance(5000);
      engine.directory.claim('app1', 'ann');
      expect(await engine.directory.find('app1', 'ann')).toEqual({ node: engine.node, since });
    });

    test('a released client has no home; the next claim begins anew', async () => {
      const { engine, clock } = harness();
      engine.directory.claim('app1', 'ann');
      engine.directory.release('app1', 'ann');
      engine.directory.release('app1', 'ann');
      expect(await engine.directory.find('app1', 'ann')).toBeNull();
      clock.advance(5000);
      engine.directory.claim('app1', 'ann');
      expect((await engine.directory.find('app1', 'ann'))?.since).toBe(clock.now());
    });

    test('P5: the same client id of another app, or split otherwise, is another client', async () => {
      const { engine } = harness();
      engine.directory.claim('app1', 'ann');
      expect(await engine.directory.find('app2', 'ann')).toBeNull();
      expect(await engine.directory.find('app', '1ann')).toBeNull();
      expect(await engine.directory.find('app1a', 'nn')).toBeNull();
      engine.directory.release('app2', 'ann');
      expect(await engine.directory.find('app1', 'ann')).not.toBeNull();
    });
  });
}
