import { GroupName, Problem } from '#contracts';
import { requireCapability, type Principal } from '#access';
import type { GroupRef } from '#mediator';
import type { z } from 'zod';
import type { Exchange } from '../exchange.js';
import { schemaProblem } from '../faults.js';
import { parseJson } from '../json-body.js';
import { mediaType, refuseEncodedBody } from '../publish.route.js';

/** Room for a thousand ids with blanks around them. */
const BODY_BYTES = 512 * 1024;

/**
 * The group that a path names.
 * @throws Problem invalid_request
 */
export function groupIn(
  principal: Principal,
  channel: string,
  segment: string | undefined,
): GroupRef {
  let text: string;
  try {
    text = decodeURIComponent(segment ?? '');
  } catch {
    throw new Problem(
      'invalid_request',
      'The group in the path is not valid percent-encoded UTF-8.',
    );
  }
  const parsed = GroupName.safeParse(text);
  if (!parsed.success) {
    throw new Problem(
      'invalid_request',
      'A group is named by 1 to 128 bytes of UTF-8 without control characters.',
    );
  }
  return { app: principal.appId, channel, group: parsed.data };
}

/** @throws Problem forbidden */
export function checkMember(principal: Principal, channel: string): void {
  requireCapability(principal, 'subscribe', channel);
}

/**
 * Groups are made and deleted by servers, not by whoever reads with them.
 * @throws Problem forbidden
 */
export function checkOwner(principal: Principal, channel: string): void {
  requireCapability(principal, 'subscribe', channel);
  if (principal.kind === 'key') return;
  throw new Problem(
    'forbidden',
    'A token can read with a group, but not create, change or delete one. Do that from your server, with an API key.',
  );
}

/**
 * A JSON body by its schema; none counts as `{}`.
 * @throws Problem invalid_request, unsupported_media_type, message_too_large
 */
export async function readBody<T>(
  exchange: Exchange,
  schema: z.ZodType<T>,
  what: string,
): Promise<T> {
  refuseEncodedBody(exchange);
  const bytes = await exchange.body(BODY_BYTES);
  if (bytes.length > 0 && mediaType(exchange) !== 'application/json') {
    throw new Problem(
      'unsupported_media_type',
      `Send ${what} as JSON, with Content-Type: application/json.`,
    );
  }
  const parsed = schema.safeParse(bytes.length === 0 ? {} : parseJson(bytes));
  if (!parsed.success) throw schemaProblem('invalid_request', parsed.error, `${what} not valid`);
  return parsed.data;
}

/** @throws Problem invalid_request for a parameter that is unknown, given twice, or not valid. */
export function readQuery<T>(query: string, schema: z.ZodObject & z.ZodType<T>, takes: string): T {
  const given: Record<string, string> = {};
  for (const [name, value] of new URLSearchParams(query)) {
    if (name === 'access_token') continue;
    if (!Object.hasOwn(schema.shape, name)) {
      throw new Problem(
        'invalid_request',
        `There is no parameter \`${name.slice(0, 40)}\` here. This takes ${takes}.`,
      );
    }
    if (Object.hasOwn(given, name))
      throw new Problem('invalid_request', `\`${name}\` is given twice. Send one.`);
    given[name] = value;
  }
  const parsed = schema.safeParse(given);
  if (!parsed.success)
    throw schemaProblem('invalid_request', parsed.error, 'The query is not valid');
  return parsed.data;
}
