/// <reference lib="dom" />
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { startChromium, type Chromium } from '../support/chromium.js';
import { ControlPlane } from '../support/control-plane.js';
import { useSharedHoldline } from '../support/shared-holdline.js';
import { Visitor } from './visitor.js';

const site = useSharedHoldline();
let chromium: Chromium;
beforeAll(async () => {
  chromium = await startChromium();
}, 60_000);
afterAll(() => chromium?.close());

/** What helps to look and changes nothing: a token to read with, a trace, trying out capabilities. */
const ONLY_LOOKS = [
  /^POST \/v1\/apps\/\w+\/tokens$/,
  /^POST \/v1\/apps\/\w+\/can$/,
  /^POST \/v1\/apps\/\w+\/channels\/[^/]+\/trace$/,
];

test('a viewer who presses every button of every page changes nothing', async () => {
  const { apiUrl } = site.holdline;
  const owner = await ControlPlane.signUp(apiUrl, 'Looked at');
  const [app] = await owner.list<{ id: string }>('/v1/apps');
  await owner.createKey(app?.id ?? '', { name: 'Server' });
  await owner.create(`/v1/apps/${app?.id}/namespaces`, { name: 'room' });
  const webhook = await owner.create<{ id: string }>('/v1/webhooks', {
    ...{ url: 'https://hooks.example.com/x', events: ['key.created'] },
  });
  const viewer = { email: `${randomUUID()}@example.com`, password: randomUUID() };
  const { id: viewerId } = await owner.create<{ id: string }>('/v1/members', {
    ...{ ...viewer, role: 'viewer' },
  });
  const visitor = await Visitor.arrive(chromium, apiUrl);
  await visitor.signIn(viewer.email, viewer.password);
  const { page } = visitor;
  const writes: string[] = [];
  page.on('request', (request) => {
    const { origin, pathname } = new URL(request.url());
    if (origin === new URL(apiUrl).origin && request.method() !== 'GET')
      writes.push(`${request.method()} ${pathname}`);
  });
  const at = `/apps/${app?.id}`;
  const paths = [
    ...['', '/apps', '/webhooks', `/webhooks/${webhook.id}`, '/usage', '/limits', '/billing'],
    ...['/billing/ledger', '/members', '/audit'],
    ...['start', 'console', 'channels', 'groups', 'clients', 'keys', 'tokens', 'namespaces'].map(
      (name) => `${at}/${name}`,
    ),
  ];
  let pressed = 0;
  for (const path of paths) {
    const ready = async () => {
      await visitor.open(path);
      await page.waitForFunction(
        () => document.querySelector('h1') !== null && document.querySelector('.skeleton') === null,
      );
    };
    await ready();
    const buttons = page.locator('main button:visible:enabled');
    const count = await buttons.count();
    for (let n = 0; n < count; n++) {
      // What the button before opened or changed is gone again.
      if (n > 0) await ready();
      const button = buttons.nth(n);
      if ((await button.count()) === 0) continue;
      await button.click();
      pressed++;
      const inside = page.getByRole('dialog').locator('button:visible:enabled').last();
      if ((await inside.count()) > 0) await inside.click();
    }
  }
  process.stdout.write(`a viewer pressed ${pressed} buttons on ${paths.length} pages\n`);
  expect(pressed).toBeGreaterThan(10);
  expect(writes.filter((write) => !ONLY_LOOKS.some((look) => look.test(write)))).toEqual([]);
  const { json } = await owner.ask('/v1/audit?limit=100');
  const entries = (json as { data: { actor: string; action: string }[] }).data;
  const theirs = entries.filter(({ actor }) => actor === viewerId).map(({ action }) => action);
  expect(theirs).toEqual(['login.succeeded']);
  await visitor.leave();
}, 180_000);
