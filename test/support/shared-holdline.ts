import { randomUUID } from 'node:crypto';
import { ControlPlane } from './control-plane.js';
import { DeliveryClient } from './delivery-client.js';
import type { Demo, Holdline } from './holdline.js';
import { useSite } from './use-holdline.js';

export interface SharedSite {
  readonly holdline: Pick<Holdline, 'apiUrl' | 'deliveryUrl' | 'apiKey' | 'appId' | 'tenantId'>;
  /** The data plane with a key of this file's own app, which may do everything. */
  readonly client: DeliveryClient;
  /** One of the platform's own staff; whoever acts as one touches tenants of this file's own alone. */
  readonly operator: Demo['operator'];
  /** The control plane, signed in as the demo tenant's owner. */
  readonly owner: ControlPlane;
}

/** An app of the file's own in the Holdline that many files use, side by side: a start costs five seconds of CPU. */
export function useSharedHoldline(): SharedSite {
  return useSite(async () => {
    const { apiUrl, deliveryUrl, tenantId, email, password, operator } = await sharedDemo();
    const owner = await ControlPlane.logIn(apiUrl, email, password);
    const appId = await owner.createApp(`file ${randomUUID()}`);
    const { key } = await owner.createKey(appId, { capabilities: { '*': ['*', 'admin'] } });
    return {
      holdline: { apiUrl, deliveryUrl, apiKey: key, appId, tenantId },
      client: await new DeliveryClient(deliveryUrl, key).known(),
      owner,
      operator,
    };
  });
}

/** The run's lender (lender/global-setup.mjs) has it, and starts it when it is first asked. */
async function sharedDemo(): Promise<Demo> {
  const lender = process.env['HOLDLINE_TEST_LENDER'];
  if (lender === undefined)
    throw new Error('No lender runs: start the tests with Jest’s own configuration.');
  const answer = await fetch(`${lender}/holdline`, { method: 'POST' });
  const text = await answer.text();
  if (!answer.ok) throw new Error(text);
  return JSON.parse(text) as Demo;
}
