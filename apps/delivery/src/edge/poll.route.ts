import { LIMIT, parseFrom, PollBody, Problem, type From } from '#contracts';
import type { Principal } from '#access';
import type { EdgeContext } from './context.js';
import type { Exchange } from './exchange.js';
import { schemaProblem } from './faults.js';
import { authenticate, identify } from './gate.js';
import { parseJson } from './json-body.js';
import { ownInbox } from './readable.js';
import { presenceEntries } from './presence-poll.js';
import { mediaType, refuseEncodedBody } from './publish.route.js';
import { viewOf } from './receive-view.js';
import { streamAsked } from './stream/asked.js';
import { stream } from './stream/http-stream.route.js';
import { holdTime, type HoldTime } from './hold-time.js';
import { holdRequest, type Reader } from './receive.route.js';

const NOW: From = { kind: 'now' };

/** POST /v1/poll: one held request, or one stream, for many channels, of several apps with a token each. */
export async function poll(context: EdgeContext, exchange: Exchange): Promise<void> {
  // Somebody who is nobody is turned away before a body is read.
  const caller =
    exchange.header('authorization') === undefined ? null : await identify(context, exchange);
  refuseEncodedBody(exchange);
  if (mediaType(exchange) !== 'application/json') {
    throw new Problem(
      'unsupported_media_type',
      'A poll is JSON: send it with Content-Type: application/json.',
    );
  }
  const parsed = PollBody.safeParse(parseJson(await exchange.body(LIMIT.bodyBytes)));
  if (!parsed.success)
    throw schemaProblem('invalid_request', parsed.error, 'The poll is not valid');
  const body = parsed.data;
  const total = body.subscriptions.reduce((sum, one) => sum + one.channels.length, 0);
  if (total > LIMIT.pollChannels) {
    throw new Problem(
      'invalid_request',
      `${total} channels in one poll; at most ${LIMIT.pollChannels} fit. Divide them over two polls.`,
      {
        limit: {
          name: 'poll_channels',
          scope: 'request',
          max: LIMIT.pollChannels,
          used: total,
          resetAt: null,
        },
      },
    );
  }
  const readers: Reader[] = [];
  for (const [index, { token, channels, inbox }] of body.subscriptions.entries()) {
    const principal = await readerOf(context, exchange, caller, token, index);
    const isWanted = inbox ?? (body.inbox === true && caller === null);
    readers.push({ principal, channels, granted: isWanted ? [ownInbox(principal)] : undefined });
  }
  if (body.inbox === true && caller) {
    readers.push({ principal: caller, channels: [], granted: [ownInbox(caller)] });
  }
  if (readers.length === 0) {
    throw new Problem(
      'invalid_request',
      'The poll names no channel. Add `subscriptions` with `channels`, or `"inbox": true`.',
    );
  }
  const wishes = {
    readers,
    cursor: cursorOfUrl(exchange.query) ?? body.cursor ?? null,
    from: body.from === undefined ? NOW : (parseFrom(body.from) as From),
    limit: body.limit ?? LIMIT.answerDefaultMessages,
    view: viewOf(body),
    watchesPresence: body.presenceEvents ?? false,
    presence: body.presence && presenceEntries(context, readers, body.presence),
  };
  if (streamAsked(exchange) !== null) return stream(context, exchange, wishes);
  const holds = readers.map(({ principal }) =>
    holdTime(exchange, body.wait ?? null, principal, context.clock.now()),
  );
  holdRequest(context, exchange, {
    ...wishes,
    hold: shortest(holds),
    nextUrl: '/v1/poll?cursor=',
  });
}

async function readerOf(
  context: EdgeContext,
  exchange: Exchange,
  caller: Principal | null,
  token: string | undefined,
  index: number,
): Promise<Principal> {
  if (token === undefined) {
    if (caller) return caller;
    throw new Problem(
      'unauthenticated',
      `Subscription ${index + 1} has no token, and the request no Authorization header. Send one of them.`,
    );
  }
  try {
    return await authenticate(context, exchange, `Bearer ${token}`);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    throw new Problem(error.code, `Subscription ${index + 1}: ${error.message}`, {
      ...error.extras,
      errors: [{ pointer: `/subscriptions/${index}/token`, message: error.message }],
    });
  }
}

/** The `Link` of an answer leads to the same body with a newer cursor in the URL, which then counts. */
function cursorOfUrl(query: string): string | null {
  if (query === '') return null;
  const match = /^cursor=([A-Za-z0-9_-]+)$/.exec(query);
  if (!match)
    throw new Problem(
      'invalid_request',
      'A poll takes its parameters in the body; the URL may carry `cursor` alone.',
    );
  return match[1] as string;
}

function shortest(times: readonly HoldTime[]): HoldTime {
  return times.reduce((a, b) => (b.seconds < a.seconds ? b : a));
}
