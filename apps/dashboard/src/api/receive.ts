import { Holdline } from '../../../../libs/sdk/src/index.js';
import { answered, api } from './client.js';

export interface Receiving {
  readonly holdline: Holdline;
  readonly deliveryUrl: string;
  readonly mayPublish: boolean;
}

async function tokenFor(app: string) {
  return answered(api.POST('/v1/apps/{app}/tokens', { params: { path: { app } } }));
}

/**
 * Our own SDK, over our own held requests, with a token that the control plane makes for this member.
 * The SDK asks for another one when it ends.
 * @throws ApiProblem
 */
export async function startReceiving(app: string): Promise<Receiving> {
  const first = await tokenFor(app);
  const holdline = new Holdline({
    url: first.deliveryUrl,
    token: first.token,
    authorize: async () => (await tokenFor(app)).token,
  });
  return { holdline, deliveryUrl: first.deliveryUrl, mayPublish: first.mayPublish };
}

/** Asks delivery for what it alone keeps. @throws ApiProblem */
export async function readDelivery<T>(app: string, path: string): Promise<T> {
  const { deliveryUrl, token } = await tokenFor(app);
  return answered<T>(
    fetch(deliveryUrl + path, { headers: { authorization: `Bearer ${token}` } }).then(
      async (response) => {
        const body: unknown = await response.json().catch(() => null);
        return response.ok ? { data: body as T, response } : { error: body, response };
      },
    ),
  );
}
