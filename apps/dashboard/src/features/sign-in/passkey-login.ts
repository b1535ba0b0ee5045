import { ApiProblem, answered, api } from '../../api/client.js';
import type { paths } from '../../api/generated/control-plane.js';

export type Me = paths['/v1/me']['get']['responses'][200]['content']['application/json'];

/** Asks the device, then signs in by what it says. @throws ApiProblem */
export async function signInWithPasskey(): Promise<Me> {
  const optionsJSON = await answered(api.POST('/v1/login/passkey/options'));
  // Few sign in this way: it is loaded for them alone.
  const { startAuthentication } = await import('@simplewebauthn/browser');
  type Options = Parameters<typeof startAuthentication>[0]['optionsJSON'];
  let credential: unknown;
  try {
    credential = await startAuthentication({ optionsJSON: optionsJSON as unknown as Options });
  } catch {
    throw new ApiProblem(
      0,
      'passkey',
      'No passkey was used',
      'The browser gave none: it was cancelled, this device has none for Holdline, or the page was not reached over TLS. Sign in with your password.',
    );
  }
  return answered(
    api.POST('/v1/login/passkey', { body: { credential: credential as Record<string, unknown> } }),
  );
}
