/**
 * The noisy tenant: a process of its own, so that it does not slow down whoever measures. It begins
 * with the first message it is sent, ends with the second, and says what was admitted and refused.
 */
import { once } from 'node:events';
import { publishSteadily } from './steady.mjs';

const [options] = await once(process, 'message');
let isOver = false;
process.on('message', () => {
  isOver = true;
});
process.on('disconnect', () => process.exit(0));
const counts = { admitted: 0, refused: 0 };
const took = (/** @type {number} */ status) =>
  void (counts[status === 429 ? 'refused' : 'admitted'] += 1);
await publishSteadily({ ...options, took, isOver: () => isOver });
process.send?.(counts);
