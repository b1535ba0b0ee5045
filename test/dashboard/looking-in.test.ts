/// <reference lib="dom" />
import { afterAll, beforeAll, describe, expect } from '@jest/globals';
import { startChromium, type Chromium } from '../support/chromium.js';
import { ControlPlane } from '../support/control-plane.js';
import { DeliveryClient } from '../support/delivery-client.js';
import { useSharedHoldline } from '../support/shared-holdline.js';
import { inOrder } from './in-order.js';
import { Visitor } from './visitor.js';

const site = useSharedHoldline();
let chromium: Chromium;
let visitor: Visitor;
let client: DeliveryClient;

beforeAll(async () => {
  chromium = await startChromium();
  const owner = await ControlPlane.signUp(site.holdline.apiUrl);
  const [app] = await owner.list<{ id: string }>('/v1/apps');
  const { key } = await owner.createKey(app?.id ?? '');
  client = await new DeliveryClient(site.holdline.deliveryUrl, key).known();
  visitor = await Visitor.arrive(chromium, site.holdline.apiUrl);
  await visitor.signIn(owner.email, owner.password);
}, 60_000);
afterAll(() => chromium?.close());

/** What happened is counted in steps, collected, and asked for again. */
const COLLECTED = { timeout: 40_000 };

/** What a provider sees of what its servers and users do. */
describe('a provider whose app is in use', () => {
  const step = inOrder(() => visitor);

  step('sees a group’s lag, and reads its dead letters', async () => {
    const { page } = visitor;
    const path = '/v1/channels/jobs/groups/workers';
    await client.ask(path, { method: 'PUT', json: { from: 'start', maxAttempts: 1 } });
    await client.publish('jobs', { data: 'cannot be done' });
    await client.publish('jobs', { data: 'later' });
    const { json } = await client.ask(`${path}/messages?limit=1&wait=0`);
    const [message] = (json as { messages: { ackId: string }[] }).messages;
    await client.ask(`${path}/acks`, { json: { nack: [message?.ackId] } });
    await visitor.go('Groups');
    const row = page.getByRole('row', { name: /workers/ });
    await row.getByRole('link', { name: 'jobs' }).waitFor();
    await row.getByRole('cell', { name: '1', exact: true }).first().waitFor();
    await visitor.button('1 dead letter of workers');
    const dialog = page.getByRole('dialog');
    await dialog.getByText('cannot be done').waitFor();
    await dialog.getByText('the last attempt was nacked').waitFor();
    await dialog.getByRole('button', { name: 'Close' }).click();
  });

  step('sees a client, where it is held and where it is present', async () => {
    const token = await client.token({ clientId: 'tablet', capabilities: { '*': ['*'] } });
    const held = client.as(token).start('/v1/clients/me/messages?wait=60');
    await client.settle();
    await visitor.go('Clients');
    await visitor.page.getByRole('row', { name: /tablet/ }).waitFor();
    await client.ask('/v1/clients/tablet/messages', { json: { data: 'bye' } });
    expect((await held.reply).status).toBe(200);
  });

  step('traces a message: who was handed it, and that it was confirmed', async () => {
    const { page } = visitor;
    await visitor.go('Console');
    await page.getByText('live', { exact: true }).waitFor();
    await client.publish('hello', { data: 'before tracing' });
    await page.getByRole('button', { name: /before tracing/ }).click();
    await page.getByRole('tab', { name: 'Trace' }).click();
    await visitor.sees('The channel is not traced, so that who received this message is not known');
    await visitor.button('Trace this channel for ten minutes');
    await visitor.sees('Tracing began after this message was stored');
    await visitor.button('Trace for ten more minutes');
    await client.publish('hello', { data: 'while traced' });
    await page.getByRole('button', { name: /while traced/ }).click();
    await page.getByRole('tab', { name: 'Trace' }).click();
    const receivers = page.getByRole('region', { name: 'Receivers' });
    await receivers.getByText(/^console:/).waitFor();
    await receivers.getByText('confirmed').waitFor();
    await receivers.getByText(/after it was stored, to a hold over http/).waitFor();
  });

  step('tries out what a key and a set of capabilities may do, and reads why', async () => {
    const { page } = visitor;
    await visitor.go('Keys');
    await page.getByLabel('What', { exact: true }).selectOption('admin');
    await visitor.button('Test');
    await visitor.sees('It may not');
    await visitor.sees('Only a key whose pattern');
    await page.getByLabel('What', { exact: true }).selectOption('publish');
    // What is said is of what was asked, not of what stands there now.
    await page.getByText('It may not').waitFor({ state: 'detached' });
    await visitor.button('Test');
    await page.getByText('It may', { exact: true }).waitFor();
    await page.getByLabel('Who', { exact: true }).selectOption('capabilities');
    await page.getByLabel('Capabilities as JSON').fill('{"room:*": ["subscribe"]}');
    await page.getByLabel('Channel to test').fill('room:1');
    await visitor.button('Test');
    await visitor.sees('It may not');
    await page
      .getByRole('status')
      .getByText(/publish/)
      .waitFor();
  });

  step('tries out a token, which is kept neither in the address nor in the browser', async () => {
    const { page } = visitor;
    const token = await client.token({ capabilities: { 'room:*': ['subscribe'] } });
    await page.getByLabel('Who', { exact: true }).selectOption('token');
    await page.getByLabel('Token', { exact: true }).fill(token);
    await page.getByLabel('What', { exact: true }).selectOption('subscribe');
    await visitor.button('Test');
    await page.getByText('It may', { exact: true }).waitFor();
    const kept = await page.evaluate(() =>
      JSON.stringify([location.href, { ...localStorage }, { ...sessionStorage }, document.cookie]),
    );
    expect(kept).not.toContain(token);
  });

  step('refuses the tokens of a client, which stop within a second', async () => {
    const { page } = visitor;
    const token = await client.token({ clientId: 'mallory', capabilities: { '*': ['*'] } });
    const held = client.as(token).hold('hello');
    await client.settle();
    await visitor.go('Tokens');
    await visitor.sees('No token is refused');
    await visitor.button('Refuse tokens');
    await page.getByLabel('Client id').fill('mallory');
    await visitor.button('Refuse');
    const refused = page.getByRole('region', { name: 'Refused tokens' });
    await refused.getByText('mallory').waitFor();
    expect((await held.reply).json).toMatchObject({ code: 'revoked' });
  });

  step('sees what flows and what was refused, over an hour, a day and a month', async () => {
    const { page } = visitor;
    await client.ask('/v1/channels/hello/messages?limit=0');
    await visitor.go('Overview');
    const published = page.getByRole('group', { name: 'Published', exact: true });
    for (const [window, told] of [
      ['30 d', /^[1-9]\d* in 30 days$/],
      ['24 h', /^[1-9]\d* in the last day$/],
      ['1 h', /^[1-9]\d* in the last hour$/],
    ] as const) {
      await visitor.button(window);
      await published.getByText(told).waitFor(COLLECTED);
      await page.getByRole('img', { name: /messages published and/ }).waitFor();
    }
    await page.getByRole('img', { name: /held now/ }).waitFor();
    await page.getByRole('img', { name: /Half of the messages within/ }).waitFor();
    await page.getByRole('group', { name: 'Publish to deliver' }).getByText(/p99/).waitFor();
    // It comes by itself: the hour is asked for again and again.
    await page.getByRole('img', { name: /requests refused: .*invalid_request/ }).waitFor(COLLECTED);
    await page.getByRole('group', { name: 'Refused' }).getByText('2', { exact: true }).waitFor();
  });

  step('no page failed', () => {
    expect(visitor.complaints).toEqual([]);
  });
});
