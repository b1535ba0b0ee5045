import { afterEach, beforeEach, describe } from '@jest/globals';
import { appendRules } from './conformance/append-rules.js';
import { channelRules } from './conformance/channel-rules.js';
import { directoryRules } from './conformance/directory-rules.js';
import { journalRules } from './conformance/journal-rules.js';
import { liveRules } from './conformance/live-rules.js';
import { readRules } from './conformance/read-rules.js';
import { retentionRules } from './conformance/retention-rules.js';
import type { EngineHarness } from './conformance/harness.js';

/**
 * The port's contract as tests: every adapter and the model pass the same ones. `makeHarness` gives a
 * started engine with an empty log; `stop` drains it and removes what it wrote.
 */
export function engineConformance(name: string, makeHarness: () => Promise<EngineHarness>): void {
  describe(`${name} keeps the engine port`, () => {
    let current: EngineHarness;
    beforeEach(async () => {
      current = await makeHarness();
    });
    afterEach(() => current.stop());

    const harness = () => current;
    appendRules(harness);
    readRules(harness);
    retentionRules(harness);
    liveRules(harness);
    directoryRules(harness);
    channelRules(harness);
    journalRules(harness);
  });
}
