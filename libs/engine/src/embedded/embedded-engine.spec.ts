import { engineConformance } from '../conformance.js';
import { EmbeddedHarness } from './embedded-harness.js';

engineConformance('EmbeddedEngine', () => EmbeddedHarness.start());
// Two channels in memory at most: every other call reads its head from the log again.
engineConformance('EmbeddedEngine with next to no cache', () =>
  EmbeddedHarness.start({ cachedChannels: 2 }),
);
