import { Problem, TokenBody } from '#contracts';
import { issueToken, type Principal } from '#access';
import type { EdgeContext } from './context.js';
import type { Exchange } from './exchange.js';
import { schemaProblem } from './faults.js';
import { parseJson } from './json-body.js';
import { mediaType, refuseEncodedBody } from './publish.route.js';
import { sendJson } from './send-json.js';

const BODY_BYTES = 64 * 1024;

/** POST /v1/tokens: a client token, signed as the customer's own server would sign one. */
export async function tokens(
  context: EdgeContext,
  exchange: Exchange,
  principal: Principal,
): Promise<void> {
  if (principal.kind !== 'key') {
    throw new Problem(
      'forbidden',
      'A token cannot make tokens. Call this from your server, with an API key.',
    );
  }
  context.limits.token(principal);
  refuseEncodedBody(exchange);
  const bytes = await exchange.body(BODY_BYTES);
  if (bytes.length > 0 && mediaType(exchange) !== 'application/json') {
    throw new Problem(
      'unsupported_media_type',
      'Send the token request as JSON, with Content-Type: application/json.',
    );
  }
  const parsed = TokenBody.safeParse(bytes.length === 0 ? {} : parseJson(bytes));
  if (!parsed.success)
    throw schemaProblem('invalid_request', parsed.error, 'The token request is not valid');
  const key = context.store.key(principal.keyId);
  if (!key) throw new Problem('revoked', 'This key was revoked.');
  const { clientId, ttl, capabilities } = parsed.data;
  const issued = await issueToken({
    key,
    clientId,
    ttl,
    capabilities,
    now: context.clock.now(),
    id: context.newId(),
  });
  sendJson(exchange, 201, JSON.stringify(issued));
}
