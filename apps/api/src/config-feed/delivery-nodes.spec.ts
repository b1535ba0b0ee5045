import { describe, expect, test } from '@jest/globals';
import { DeliveryNodes } from './delivery-nodes.js';

function harness() {
  let now = 0;
  const nodes = new DeliveryNodes(() => now);
  return { nodes, pass: (ms: number) => (now += ms) };
}

/** Whether a promise is settled once everything that was due has run. */
async function isSettled(promise: Promise<void>): Promise<boolean> {
  return Promise.race([
    promise.then(() => true),
    new Promise<boolean>((r) => setImmediate(r, false)),
  ]);
}

describe('which configuration delivery has', () => {
  test('with no node there is nobody to wait for', async () => {
    expect(await isSettled(harness().nodes.whenAllHave(5, 60_000))).toBe(true);
  });

  test('waits until the last node asks with the version or a newer one', async () => {
    const { nodes } = harness();
    nodes.heard('a', 4);
    nodes.heard('b', 4);
    const told = nodes.whenAllHave(5, 60_000);
    nodes.heard('a', 6);
    expect(await isSettled(told)).toBe(false);
    nodes.heard('b', 5);
    expect(await isSettled(told)).toBe(true);
  });

  test('a node that has gone holds nobody up', async () => {
    const { nodes, pass } = harness();
    nodes.heard('a', 4);
    pass(41_000);
    expect(await isSettled(nodes.whenAllHave(5, 60_000))).toBe(true);
  });

  test('a node that does not come is waited for no longer than asked', async () => {
    const { nodes } = harness();
    nodes.heard('a', 4);
    await nodes.whenAllHave(5, 1);
  });
});
