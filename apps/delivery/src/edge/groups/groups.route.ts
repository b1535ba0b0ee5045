import {
  AckBody,
  DeadQuery,
  GROUP_LIMIT,
  GroupBody,
  LIMIT,
  parseFrom,
  type From,
} from '#contracts';
import type { Principal } from '#access';
import type { GroupReport, GroupSettings } from '#mediator';
import type { EdgeContext } from '../context.js';
import type { Exchange } from '../exchange.js';
import { sendJson } from '../send-json.js';
import { checkMember, checkOwner, groupIn, readBody, readQuery } from './group-input.js';
import { settle } from './settle.js';

/** PUT /v1/channels/{channel}/groups/{group}: create it, or change its settings. */
export async function putGroup(
  context: EdgeContext,
  exchange: Exchange,
  principal: Principal,
  channel: string,
  segment: string | undefined,
): Promise<void> {
  const ref = groupIn(principal, channel, segment);
  checkOwner(principal, channel);
  const { from, visibility, maxAttempts } = await readBody(
    exchange,
    GroupBody,
    'The settings of the group',
  );
  const { created, settings } = await context.mediator.groups.put(ref, {
    from: from === undefined ? null : { text: from, from: parseFrom(from) as From },
    visibility: visibility ?? null,
    maxAttempts: maxAttempts ?? null,
    maxGroups: Math.min(principal.limits.groups_channel ?? Infinity, GROUP_LIMIT.perChannel),
  });
  const shown = { channel, group: ref.group, ...shownSettings(settings) };
  sendJson(exchange, created ? 201 : 200, JSON.stringify(shown));
}

/** GET /v1/channels/{channel}/groups/{group}: where it stands. */
export async function getGroup(
  context: EdgeContext,
  exchange: Exchange,
  principal: Principal,
  channel: string,
  segment: string | undefined,
): Promise<void> {
  const ref = groupIn(principal, channel, segment);
  checkMember(principal, channel);
  const report = await context.mediator.groups.report(ref);
  sendJson(exchange, 200, JSON.stringify(shownReport(channel, report)));
}

/** DELETE /v1/channels/{channel}/groups/{group}: it, and its dead letters. */
export async function deleteGroup(
  context: EdgeContext,
  exchange: Exchange,
  principal: Principal,
  channel: string,
  segment: string | undefined,
): Promise<void> {
  const ref = groupIn(principal, channel, segment);
  checkOwner(principal, channel);
  await context.mediator.groups.remove(ref);
  exchange.send(204, ['Cache-Control', 'no-store'], null);
}

/** GET /v1/channels/{channel}/groups: all of a channel. */
export async function listGroups(
  context: EdgeContext,
  exchange: Exchange,
  principal: Principal,
  channel: string,
): Promise<void> {
  checkMember(principal, channel);
  const reports = await context.mediator.groups.list(principal.appId, channel);
  const groups = reports.map((report) => shownReport(channel, report));
  sendJson(exchange, 200, JSON.stringify({ groups }));
}

/** POST /v1/channels/{channel}/groups/{group}/acks: what became of messages. */
export async function ackGroup(
  context: EdgeContext,
  exchange: Exchange,
  principal: Principal,
  channel: string,
  segment: string | undefined,
): Promise<void> {
  const ref = groupIn(principal, channel, segment);
  checkMember(principal, channel);
  const acks = await readBody(exchange, AckBody, 'The acks');
  const results = await settle(context, exchange, ref, acks);
  sendJson(exchange, 200, JSON.stringify({ results }));
}

/** GET /v1/channels/{channel}/groups/{group}/dead: the messages it gave up, page by page. */
export async function deadLetters(
  context: EdgeContext,
  exchange: Exchange,
  principal: Principal,
  channel: string,
  segment: string | undefined,
): Promise<void> {
  const ref = groupIn(principal, channel, segment);
  checkMember(principal, channel);
  const { after, limit = LIMIT.answerDefaultMessages } = readQuery(
    exchange.query,
    DeadQuery,
    'after and limit',
  );
  const page = await context.mediator.groups.deadLetters(ref, after ?? null, limit);
  if (page.next !== null) {
    const next = new URLSearchParams({ limit: String(limit), after: String(page.next) });
    exchange.always(['Link', `<${exchange.path}?${next.toString()}>; rel="next"`]);
  }
  sendJson(exchange, 200, page.body.toString());
}

function shownSettings({ from, visibility, maxAttempts, createdAt }: GroupSettings) {
  return { from, visibility, maxAttempts, createdAt: new Date(createdAt).toISOString() };
}

function shownReport(channel: string, report: GroupReport) {
  const { group, lag, lagIsMore, inFlight, deadLetters: dead, members } = report;
  return {
    channel,
    group,
    ...shownSettings(report),
    lag,
    ...(lagIsMore ? { lagIsMore } : {}),
    inFlight,
    deadLetters: dead,
    members,
  };
}
