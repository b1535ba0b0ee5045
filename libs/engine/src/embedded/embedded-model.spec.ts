import { describe, test } from '@jest/globals';
import fc from 'fast-check';
import { ModelEngine } from '../model/model-engine.js';
import { EmbeddedHarness } from './embedded-harness.js';
import { compareEverything, engineCommands } from './engine-commands.js';

describe('EmbeddedEngine against the model', () => {
  test('P1 P2 P4: answers as the model does, over restarts and sweeps, whatever is done to it', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.commands(engineCommands, { maxCommands: 40, size: 'max' }),
        fc.constantFrom(2, 1000),
        async (commands, cachedChannels) => {
          const harness = await EmbeddedHarness.start({ cachedChannels, journalSeconds: 3600 });
          try {
            const model = new ModelEngine({ clock: harness.clock });
            const pair = { model, harness };
            await fc.asyncModelRun(() => ({ model: {}, real: pair }), commands);
            await compareEverything(pair);
          } finally {
            await harness.stop();
          }
        },
      ),
      { numRuns: 60 },
    );
  });
});
