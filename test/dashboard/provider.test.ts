/// <reference lib="dom" />
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { promisify } from 'node:util';
import { startChromium, type Chromium } from '../support/chromium.js';
import { ControlPlane } from '../support/control-plane.js';
import { DeliveryClient } from '../support/delivery-client.js';
import { useSharedHoldline } from '../support/shared-holdline.js';
import { inOrder } from './in-order.js';
import { Visitor } from './visitor.js';

const site = useSharedHoldline();
let chromium: Chromium;
let visitor: Visitor;
const email = `${randomUUID()}@example.com`;
const password = randomUUID();

beforeAll(async () => {
  chromium = await startChromium();
  visitor = await Visitor.arrive(chromium, site.holdline.apiUrl, {
    permissions: ['clipboard-read', 'clipboard-write'],
  });
});
afterAll(() => chromium?.close());

/** One person, one browser, in the order in which a new provider comes along. */
describe('a new provider', () => {
  const step = inOrder(() => visitor);
  let key = '';

  step('signs up and is led to the first message', async () => {
    const { page } = visitor;
    await page.goto(site.holdline.apiUrl);
    await visitor.heading('Sign in');
    await page.getByRole('link', { name: 'Sign up' }).click();
    await visitor.heading('Sign up');
    await page.getByLabel('E-mail').fill(email);
    await page.getByLabel('Password').fill(password);
    await page.getByLabel('Name of your company or project').fill('Acme');
    await visitor.button('Sign up');
    await visitor.heading('Get started');
  });

  step('makes a key, which is shown once and stands in the snippets', async () => {
    const { page } = visitor;
    await visitor.button('Make a key');
    key = (await page.getByRole('group', { name: 'API key' }).locator('pre').innerText()).trim();
    expect(key).toMatch(/^hl_live_/);
    const curl = page.getByRole('group', { name: 'curl snippet' }).locator('pre');
    await page.getByText(site.holdline.deliveryUrl).first().waitFor();
    expect(await curl.innerText()).toContain(key);
    await page.getByRole('tab', { name: 'Node' }).click();
    const node = page.getByRole('group', { name: 'Node snippet' }).locator('pre');
    expect(await node.innerText()).toContain(key);
    await page.getByRole('tab', { name: 'Browser' }).click();
    const browser = page.getByRole('group', { name: 'browser snippet' }).locator('pre');
    // A key never belongs in a page.
    expect(await browser.innerText()).not.toContain(key);
    await page.getByRole('tab', { name: 'curl' }).click();
  });

  step('pastes the curl line into a shell, and the page turns green by itself', async () => {
    const { page } = visitor;
    await new DeliveryClient(site.holdline.deliveryUrl, key).known();
    const line = await page.getByRole('group', { name: 'curl snippet' }).locator('pre').innerText();
    await promisify(execFile)('sh', ['-c', line]);
    await visitor.sees('Your first message arrived.');
    await visitor.sees('Hello, world');
  });

  step('after a reload the key is shown nowhere', async () => {
    await visitor.page.reload();
    await visitor.heading('Get started');
    await visitor.go('Keys');
    await visitor.sees('First key');
    expect(await visitor.page.content()).not.toContain(key);
  });

  step('rotates a key with a grace period, and revokes the new one', async () => {
    const { page } = visitor;
    await visitor.button('Rotate First key');
    await page.getByRole('dialog').getByRole('button', { name: 'Rotate' }).click();
    await visitor.button('I have kept them');
    // Who still uses the old key, and for how long it works.
    await page.getByText(/^refused in 2[34]:\d\d:\d\d$/).waitFor();
    await new DeliveryClient(site.holdline.deliveryUrl, key).publish('hello', {
      data: 'with the old key',
    });
    await visitor.sees('Still used: last');
    await visitor.button('By whom First key is used');
    await page.getByRole('dialog').getByText(/^curl/).waitFor();
    await visitor.button('Close');
    await page.getByRole('button', { name: 'Revoke First key' }).nth(1).click();
    await visitor.sees('refused within a second');
    await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click();
    await page.getByText('revoked', { exact: true }).waitFor();
    expect(await page.getByText('active', { exact: true }).count()).toBe(1);
  });

  step(
    'watches a channel in the console: what others publish, what it publishes, and history',
    async () => {
      const { page } = visitor;
      await visitor.go('Console');
      await page.getByText('live', { exact: true }).waitFor();
      await new DeliveryClient(site.holdline.deliveryUrl, key).publish('hello', {
        data: 'from a server',
      });
      await page.getByRole('button', { name: /from a server/ }).waitFor();
      await visitor.button('Publish');
      await visitor.sees('Stored at position');
      const row = page.getByRole('button', { name: /Hello from the console/ });
      await row.click();
      await page.getByRole('group', { name: 'data' }).getByText('Hello from the console').waitFor();
      await page.getByRole('tab', { name: 'History' }).click();
      await page
        .getByRole('region', { name: 'History of hello' })
        .getByText('from a server')
        .waitFor();
    },
  );

  step('pauses, filters and goes on; nothing is lost meanwhile', async () => {
    const { page } = visitor;
    const client = new DeliveryClient(site.holdline.deliveryUrl, key);
    await page.getByRole('tab', { name: 'Live' }).click();
    await visitor.button('Pause');
    await client.publish('hello', { data: 'while paused' });
    await visitor.sees('1 wait');
    expect(await page.getByRole('button', { name: /while paused/ }).count()).toBe(0);
    await visitor.button('Go on');
    await page.getByRole('button', { name: /while paused/ }).waitFor();
    await page.getByLabel('Filter').fill('paused');
    await page.getByRole('button', { name: /from a server/ }).waitFor({ state: 'detached' });
    await page.getByLabel('Filter').fill('');
  });

  step('sees who is present, as it changes', async () => {
    const client = new DeliveryClient(site.holdline.deliveryUrl, key);
    const token = await client.token({ clientId: 'anna', capabilities: { '*': ['*'] } });
    await client.as(token).ask('/v1/channels/hello/presence/anna', {
      method: 'PUT',
      json: { data: null },
    });
    await visitor.page.getByText('anna', { exact: true }).waitFor();
  });

  step('copies a message as a curl line that reads it again', async () => {
    const { page } = visitor;
    await page.getByRole('button', { name: /from a server/ }).click();
    await page.getByRole('button', { name: 'Copy as curl' }).click();
    await visitor.sees('Copied');
    const line = await page.evaluate(() => navigator.clipboard.readText());
    const { stdout } = await promisify(execFile)('sh', ['-c', line], {
      env: { PATH: process.env['PATH'], HOLDLINE_KEY: key },
    });
    expect(JSON.parse(stdout)).toMatchObject({ messages: [{ data: 'from a server' }] });
  });

  step('watches two channels at once, whatever their names; the address keeps them', async () => {
    const { page } = visitor;
    const odd = page.getByRole('button', { name: 'Stop watching tasks, done', exact: true });
    await page.getByLabel('Channel to watch').fill('tasks, done');
    await visitor.button('Watch');
    await odd.waitFor();
    await page.reload();
    await page.getByRole('button', { name: 'Stop watching hello', exact: true }).waitFor();
    await odd.click();
    await odd.waitFor({ state: 'detached' });
    await page.getByText('live', { exact: true }).waitFor();
  });

  step('finds the channel in the live list', async () => {
    await visitor.go('Channels');
    await visitor.page.getByRole('link', { name: 'hello' }).waitFor();
  });

  step('makes, changes and removes a namespace', async () => {
    const { page } = visitor;
    await visitor.go('Namespaces');
    await visitor.sees('No namespace yet');
    await visitor.button('New namespace');
    await page.getByLabel('Name', { exact: true }).fill('room');
    await page.getByLabel('Messages are kept for (seconds)').fill('3600');
    await visitor.button('Make the namespace');
    await visitor.sees('1 hour');
    await visitor.button('Edit room');
    await page.getByLabel('Messages are kept for (seconds)').fill('7200');
    await visitor.button('Save');
    await visitor.sees('2 hours');
    await visitor.button('Remove room');
    await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
    await visitor.sees('No namespace yet');
  });

  step('is told what is wrong where it is wrong', async () => {
    const { page } = visitor;
    await visitor.button('New namespace');
    await page.getByLabel('Name', { exact: true }).fill('a:b');
    await visitor.button('Make the namespace');
    await page.getByRole('dialog').getByText('holds neither').first().waitFor();
    await visitor.button('Cancel');
  });

  step('makes a second app and finds it in the switch', async () => {
    const { page } = visitor;
    await visitor.go('Apps');
    await visitor.button('New app');
    await page.getByLabel('Name', { exact: true }).fill('Staging');
    await visitor.button('Make the app');
    await visitor.heading('Get started');
    expect(await page.getByLabel('App').locator('option:checked').innerText()).toBe('Staging');
  });

  step('sees usage count up, by channel too', async () => {
    const { page } = visitor;
    await visitor.go('Usage');
    await page.getByRole('img', { name: /messages in the last/ }).waitFor();
    await visitor.button('Channel');
    await page.getByRole('region', { name: 'Usage by group' }).getByText('hello').waitFor();
  });

  step('sees every limit and how full it is', async () => {
    await visitor.go('Limits');
    await visitor.sees('Requests a second with one key');
    await visitor.page.getByRole('meter').first().waitFor();
  });

  step('sees what a plan would cost, chooses it, and sets a budget', async () => {
    const { page } = visitor;
    await visitor.go('Billing');
    await visitor.button('Change the plan');
    await page.getByLabel('Plan', { exact: true }).selectOption('developer');
    await visitor.button('See what it costs');
    await visitor.sees('The running period would cost');
    await visitor.button('Change to this plan');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await page.getByText('Developer', { exact: true }).waitFor();
    await page.getByText('trialing', { exact: true }).waitFor();
    await visitor.button('Set a budget');
    await page.getByLabel('Amount').fill('20');
    await visitor.button('Set it');
    await visitor.sees('stops when reached');
    await page.getByRole('link', { name: 'Ledger' }).click();
    await visitor.heading('Ledger');
  });

  step('makes a webhook endpoint, sends a test and reads its log', async () => {
    const { page } = visitor;
    await visitor.go('Webhooks');
    await visitor.button('New endpoint');
    await page.getByLabel('URL').fill('https://hooks.example.com/holdline');
    await visitor.button('Make the endpoint');
    await page.getByRole('dialog').getByText('whsec_').waitFor();
    await visitor.button('I have kept it');
    await page.getByRole('link', { name: /hooks.example.com/ }).click();
    await visitor.button('Send a test');
    await page.getByText('webhook.test').first().waitFor();
    await page.getByRole('button', { name: /^Open the log of webhook.test/ }).click();
    await page.getByRole('dialog').getByText('webhook-id').first().waitFor();
    await visitor.button('Close');
  });

  step('adds a viewer, who may look and change nothing', async () => {
    const { page } = visitor;
    await visitor.go('Members');
    await visitor.button('Add a member');
    const viewer = `${randomUUID()}@example.com`;
    await page.getByRole('dialog').getByLabel('E-mail').fill(viewer);
    await page.getByRole('dialog').getByLabel('Role').selectOption('viewer');
    await page.getByRole('dialog').getByRole('button', { name: 'Add' }).click();
    const secret = await page
      .getByRole('group', { name: 'initial password' })
      .locator('pre')
      .innerText();
    const other = await Visitor.arrive(chromium, site.holdline.apiUrl);
    await other.signIn(viewer, secret);
    for (const [link, button] of [
      ['Keys', 'New key'],
      ['Namespaces', 'New namespace'],
      ['Apps', 'New app'],
      ['Webhooks', 'New endpoint'],
      ['Members', 'Add a member'],
      ['Billing', 'Change the plan'],
    ] as const) {
      await other.go(link);
      await other.heading(link);
      await other.page.waitForFunction(() => document.querySelector('.skeleton') === null);
      expect(await other.page.getByRole('button', { name: button }).count()).toBe(0);
    }
    await other.go('Console');
    await other.sees('You may look here; publishing takes an owner or developer.');
    expect(other.complaints).toEqual([]);
    await other.leave();
    await visitor.button('Done');
  });

  step('finds all of it in the audit log, whose chain holds', async () => {
    await visitor.go('Audit log');
    await visitor.sees('namespace.created');
    await visitor.button('Verify the chain');
    await visitor.sees(/All \d+ entries fit together/);
  });

  step('signs out; the pages are closed, and signing in leads back to where one was', async () => {
    const { page } = visitor;
    await visitor.button('Sign out');
    await visitor.heading('Sign in');
    await visitor.open('/limits');
    await visitor.heading('Sign in');
    await page.getByLabel('E-mail').fill(email);
    await page.getByLabel('Password').fill('wrong password');
    await visitor.button('Sign in');
    await page.getByRole('alert').waitFor();
    await page.getByLabel('Password').fill(password);
    await visitor.button('Sign in');
    await visitor.heading('Limits');
  });

  step('is never led to another site by a link to the sign-in page', async () => {
    const { page } = visitor;
    await visitor.button('Sign out');
    await visitor.heading('Sign in');
    await visitor.open(`/login?back=${encodeURIComponent('//elsewhere.example/')}`);
    await page.getByLabel('E-mail').fill(email);
    await page.getByLabel('Password').fill(password);
    await visitor.button('Sign in');
    await visitor.heading('Overview');
    expect(new URL(page.url()).origin).toBe(new URL(site.holdline.apiUrl).origin);
  });

  step('the browser’s policy refused nothing, and no page failed', () => {
    expect(visitor.complaints).toEqual([]);
  });
});

test('P5: a member of another tenant opens the address of an app and sees that there is none', async () => {
  const { apiUrl, appId } = site.holdline;
  const stranger = await ControlPlane.signUp(apiUrl);
  const other = await Visitor.arrive(chromium, apiUrl);
  await other.signIn(stranger.email, stranger.password);
  await other.open(`/apps/${appId}/keys`);
  await other.page.getByRole('alert').getByText('app').first().waitFor();
  expect(await other.page.getByRole('table').count()).toBe(0);
  await other.leave();
});
