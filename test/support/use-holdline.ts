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

/**
 * One Holdline for the whole test file: started before its first test, drained after its last. For files
 * that stop it, look at its processes, its files or what it prints, or change what a whole tenant has.
 */
export function useHoldline(options: HoldlineOptions = {}): Site {
  let holdline: Holdline | undefined;
  const site = useSite(async (): Promise<Site> => {
    holdline = await startHoldline({ postgres: 'lent', ...options });
    const { apiUrl, deliveryUrl, apiKey, demo } = holdline;
    return {
      holdline,
      client: new DeliveryClient(deliveryUrl, apiKey),
      owner: await ControlPlane.logIn(apiUrl, demo.email, demo.password),
    };
  });
  afterAll(() => holdline?.stop(), 30_000);
  return site;
}

/** What `prepare` makes before the first test. */
export function useSite<T extends object>(prepare: () => Promise<T>): T {
  let made: T | undefined;
  beforeAll(async () => {
    made = await prepare();
  }, 90_000);
  return new Proxy({} as T, {
    get(_none, name) {
      if (!made)
        throw new Error(
          'Holdline is there only while the tests run, not while they are collected.',
        );
      return Reflect.get(made, name) as unknown;
    },
  });
}
