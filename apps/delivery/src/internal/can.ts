import {
  type CanAnswer,
  type CanBody,
  CanQuestion,
  type Capabilities,
  isInbox,
  isLink,
  type Operation,
  Problem,
  reservedRoute,
} from '#contracts';
import {
  type AccessStore,
  type Authenticator,
  compile,
  type Principal,
  rehearsedPrincipal,
  requireCapability,
  requireRight,
} from '#access';
import type { Clock } from '#mediator';
import { checkInboxReader } from '../edge/direct/clients.route.js';
import { checkPresence } from '../edge/presence.route.js';
import { checkPublisher } from '../edge/publish.route.js';
import { internalRoute } from './internal-routes.js';

export interface CanParts {
  readonly store: AccessStore;
  readonly authenticator: Authenticator;
  readonly clock: Clock;
}

interface Asked {
  readonly principal: Principal;
  /** null: they stand in a token, which is not opened again here. */
  readonly capabilities: Capabilities | null;
}

/** Whether a credential may do something, by the checks of the routes that do it. */
export function canRoute(parts: CanParts) {
  return internalRoute({
    method: 'POST',
    path: '/internal/can',
    input: CanQuestion,
    answer: async ({ app, ask }): Promise<CanAnswer> => {
      try {
        const asked = await whoAsks(parts, app, ask);
        check(parts.store, asked.principal, ask);
        return { allowed: true, because: because(asked, ask) };
      } catch (error) {
        if (error instanceof Problem) return { allowed: false, because: error.message };
        throw error;
      }
    },
  });
}

async function whoAsks(
  { store, authenticator, clock }: CanParts,
  appId: string,
  { token, keyId, capabilities, clientId }: CanBody,
): Promise<Asked> {
  if (token !== undefined) {
    const principal = await authenticator.authenticate(`Bearer ${token}`);
    if (principal.appId === appId) return { principal, capabilities: null };
    throw new Problem('unauthenticated', 'This token is not one of this app.');
  }
  const key = keyId === undefined ? undefined : store.key(keyId);
  if (keyId !== undefined && key?.appId !== appId) {
    throw new Problem(
      'unauthenticated',
      'The delivery server does not know this key. If it was made a moment ago, try again.',
    );
  }
  const tried = key?.capabilities ?? capabilities ?? {};
  const rehearsal = {
    appId,
    keyId: keyId ?? null,
    capabilities: tried,
    clientId: clientId ?? null,
  };
  return {
    principal: rehearsedPrincipal(store, rehearsal, clock.now()),
    capabilities: tried,
  };
}

/** @throws Problem what the request would be refused with */
function check(store: AccessStore, principal: Principal, { operation, channel }: CanBody): void {
  if (operation === 'admin') return checkAdmin(principal);
  if (operation === 'presence') return checkPresence({ store }, principal, channel);
  // Point to point has routes of its own, which publish and receive.
  const hasRoute = operation !== 'history' && (isInbox(channel) || isLink(channel));
  if (isInbox(channel) && operation === 'subscribe') return checkInboxReader(principal, channel);
  if (hasRoute) requireRight(principal, operation, channel);
  else requireCapability(principal, operation, channel);
  if (operation === 'publish')
    checkPublisher(principal, store.rules(principal.appId, channel), channel);
}

function checkAdmin({ admin, kind }: Principal): void {
  if (admin) return;
  throw new Problem(
    'forbidden',
    kind === 'token'
      ? 'A token never administers: the control plane takes API keys and sessions.'
      : 'Only a key whose pattern `*` lists `admin` may use the control plane.',
  );
}

function because({ principal, capabilities }: Asked, { operation, channel }: CanBody): string {
  const isAdmin = operation === 'admin';
  const what = isAdmin ? 'using the control plane' : `${operation} on ${JSON.stringify(channel)}`;
  const route = isAdmin ? null : reservedRoute(channel);
  const by = route === null ? '' : ` The way there is ${route}.`;
  if (!principal.may(operation, channel)) {
    return `It is the inbox of the client ${JSON.stringify(principal.clientId)} itself.${by}`;
  }
  const pattern = capabilities && grantingPattern(capabilities, operation, channel);
  return pattern === null
    ? `The token allows ${what}, and so does what stands behind it.${by}`
    : `The pattern ${JSON.stringify(pattern)} allows ${what}.${by}`;
}

function grantingPattern(
  capabilities: Capabilities,
  operation: Operation,
  channel: string,
): string | null {
  for (const [pattern, operations] of Object.entries(capabilities)) {
    if (compile({ [pattern]: operations }).allows(operation, channel)) return pattern;
  }
  return null;
}
