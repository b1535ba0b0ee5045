import { Problem } from '#contracts';

const RETRY_SECONDS = 1;

export const channelFull = (channel: string, max: number): Problem =>
  new Problem(
    'rate_limited',
    `The channel ${JSON.stringify(channel)} has ${max} members, as many as its presence takes. Divide them over several channels, or wait until some leave.`,
    full('presence_members_channel', 'channel', max),
  );

export const appFull = (max: number): Problem =>
  new Problem(
    'rate_limited',
    `This app has ${max} members present over all its channels, as many as it may have. Wait until some leave.`,
    full('presence_members_app', 'app', max),
  );

export const crowded = (): Problem =>
  new Problem(
    'unavailable',
    'This server has no room for more members. Ask again: another server may have room.',
    { retryAfter: RETRY_SECONDS },
  );

function full(name: string, scope: string, max: number) {
  return { retryAfter: RETRY_SECONDS, limit: { name, scope, max, used: max, resetAt: null } };
}
