import { z } from 'zod';
import { LiveGroupQuery, Problem, type LiveGroupList } from '#contracts';
import type { GroupPage, Mediator } from '#mediator';
import { internalRoute } from './internal-routes.js';

type Place = NonNullable<GroupPage['next']>;

const PlaceText = z.tuple([z.string(), z.string()]);

/** What the control plane shows of an app's groups. */
export function liveGroups(mediator: Mediator) {
  return internalRoute({
    method: 'GET',
    path: '/internal/groups',
    input: LiveGroupQuery.extend({ app: z.string() }),
    answer: async ({ app, channel, after, limit }): Promise<LiveGroupList> => {
      const { groups, next } = await mediator.groups.page({
        app,
        channel: channel ?? null,
        after: after === undefined ? null : decode(after),
        limit,
      });
      const data = groups.map(({ from: _from, createdAt, ...group }) => {
        return { ...group, createdAt: new Date(createdAt).toISOString() };
      });
      return { data, hasMore: next !== null, next: next && encode(next) };
    },
  });
}

function encode({ channel, group }: Place): string {
  return Buffer.from(JSON.stringify([channel, group])).toString('base64url');
}

/** @throws Problem invalid_request */
function decode(text: string): Place {
  try {
    const place = PlaceText.parse(JSON.parse(Buffer.from(text, 'base64url').toString('utf8')));
    return { channel: place[0], group: place[1] };
  } catch {
    throw new Problem(
      'invalid_request',
      '`after` is not the `next` of a page of this list. Send the `next` that a page had, or leave it out.',
      { errors: [{ pointer: '/after', message: 'is not the next of a page' }] },
    );
  }
}
