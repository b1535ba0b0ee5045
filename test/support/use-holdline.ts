import { afterAll, beforeAll } from '@jest/globals';
import { ControlPlane } from './control-plane.js';
import { DeliveryClient } from './delivery-client.js';
import { startHoldline, type Holdline, type HoldlineOptions } from './holdline.js';

export interface Site {
  readonly holdline: Holdline;
  /** The data plane with the demo tenant's key. */
  readonly client: DeliveryClient;
  /** The control plane, signed in as the demo tenant's owner. */
  readonly owner: ControlPlane;
}

/** One Holdline for the whole test file: started before its first test, drained after its last. */
export function useHoldline(options: HoldlineOptions = {}): Site {
  let started: Site | undefined;
  beforeAll(async () => {
    const holdline = await startHoldline(options);
    const { apiUrl, deliveryUrl, apiKey, demo } = holdline;
    try {
      started = {
        holdline,
        client: new DeliveryClient(deliveryUrl, apiKey),
        owner: await ControlPlane.logIn(apiUrl, demo.email, demo.password),
      };
    } catch (error) {
      await holdline.stop();
      throw error;
    }
  }, 90_000);
  afterAll(() => started?.holdline.stop(), 30_000);
  const site = () => {
    if (!started)
      throw new Error('Holdline is there only while the tests run, not while they are collected.');
    return started;
  };
  return {
    get holdline() {
      return site().holdline;
    },
    get client() {
      return site().client;
    },
    get owner() {
      return site().owner;
    },
  };
}
