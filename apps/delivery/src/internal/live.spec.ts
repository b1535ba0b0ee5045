import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { LiveClientList, LiveGroupList } from '#contracts';
import { EdgeSite } from '../testing/edge-site.js';
import { liveClients } from './clients.js';
import { liveGroups } from './groups.js';
import type { InternalRoute } from './internal-routes.js';

let site: EdgeSite;
beforeAll(async () => {
  site = await new EdgeSite().start();
  site.tenant();
});
afterAll(() => site.stop());

/** As the control plane asks, with a query's texts. */
const ask = async <T>(route: InternalRoute, query: Record<string, string>) =>
  (await route.answer(route.input.parse({ app: site.app.id, ...query }))) as T;

describe('what the control plane shows of an app', () => {
  test('its groups, page by page with what a page said', async () => {
    for (const channel of ['jobs', 'mails']) {
      await site.ask(`/v1/channels/${channel}/groups/workers`, { method: 'PUT', json: {} });
    }
    const route = liveGroups(site.context.mediator);
    const first = LiveGroupList.parse(await ask(route, { limit: '1' }));
    expect([first.data.map(({ channel }) => channel), first.hasMore]).toEqual([['jobs'], true]);
    const second = LiveGroupList.parse(await ask(route, { limit: '1', after: first.next! }));
    expect([second.data.map(({ channel }) => channel), second.next]).toEqual([['mails'], null]);
    await expect(ask(route, { after: 'bm9uZQ' })).rejects.toMatchObject({
      code: 'invalid_request',
    });
  });

  test('its clients, with where they are present', async () => {
    const token = await site.token('ann');
    await site.ask('/v1/channels/lobby/presence/ann', { method: 'PUT', json: {}, as: token });
    const { answer } = await site.hold('/v1/clients/me/messages?wait=30', { as: token });
    const route = liveClients(site.context.mediator, site.context.presence);
    const { data } = LiveClientList.parse(await ask(route, {}));
    expect(data).toMatchObject([
      {
        ...{ clientId: 'ann', node: site.engine.node, holds: 1, presentIn: ['lobby'] },
        inbox: { channel: 'inbox:ann', position: 0 },
      },
    ]);
    await site.ask('/v1/clients/ann/messages', { json: { data: 1 } });
    expect((await answer).status).toBe(200);
  });
});
