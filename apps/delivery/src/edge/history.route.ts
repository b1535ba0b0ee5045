import { HEADER, HistoryQuery, LIMIT, Problem } from '#contracts';
import { requireCapability, type Principal } from '#access';
import type { EdgeContext } from './context.js';
import type { Exchange } from './exchange.js';
import { schemaProblem } from './faults.js';

/** GET /v1/channels/{channel}/history: pages through what is kept, without holding. */
export async function history(
  context: EdgeContext,
  exchange: Exchange,
  principal: Principal,
  channel: string,
): Promise<void> {
  requireCapability(principal, 'history', channel);
  const { before, after, limit, order } = readQuery(exchange.query);
  const request = {
    app: principal.appId,
    channel,
    before: before ?? null,
    after: after ?? null,
    limit: limit ?? LIMIT.answerDefaultMessages,
    order: order ?? ('newest' as const),
  };
  const page = await context.mediator.history(request);
  const headers = [
    'Content-Type',
    'application/json',
    'Content-Length',
    String(page.body.length),
    'Cache-Control',
    'no-store',
    HEADER.cursor,
    page.cursor,
  ];
  if (page.next !== null) {
    const bound =
      request.order === 'newest' ? { before: page.next, after } : { before, after: page.next };
    const next = new URLSearchParams({ order: request.order, limit: String(request.limit) });
    for (const [name, value] of Object.entries(bound))
      if (value !== undefined) next.set(name, String(value));
    headers.push('Link', `<${exchange.path}?${next.toString()}>; rel="next"`);
  }
  exchange.send(200, headers, page.body);
}

function readQuery(query: string): ReturnType<typeof HistoryQuery.parse> {
  const given: Record<string, string> = {};
  for (const [name, value] of new URLSearchParams(query)) {
    if (!Object.hasOwn(HistoryQuery.shape, name)) {
      throw new Problem(
        'invalid_request',
        `There is no parameter \`${name.slice(0, 40)}\` here. History takes before, after, limit and order.`,
      );
    }
    if (Object.hasOwn(given, name))
      throw new Problem('invalid_request', `\`${name}\` is given twice. Send one.`);
    given[name] = value;
  }
  const parsed = HistoryQuery.safeParse(given);
  if (!parsed.success)
    throw schemaProblem('invalid_request', parsed.error, 'The query is not valid');
  return parsed.data;
}
