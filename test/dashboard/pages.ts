import type { Page } from 'playwright-core';
import type { World } from './world.js';

export interface ShownPage {
  readonly name: string;
  /** Below /dashboard. */
  readonly path: string;
  readonly heading: string;
  /** What somebody does there first. */
  readonly then?: (page: Page, world: World) => Promise<void>;
}

/** Every page of the dashboard that a member of a tenant has. */
export function pagesOf(world: World): readonly ShownPage[] {
  const app = `/apps/${world.app}`;
  return [
    { name: 'overview', path: '', heading: 'Overview' },
    { name: 'get-started', path: `${app}/start`, heading: 'Get started' },
    {
      name: 'console',
      path: `${app}/console?channels=${encodeURIComponent('["class:algebra","alerts"]')}`,
      heading: 'Console',
      then: chooseTheNewest,
    },
    {
      name: 'console-trace',
      path: `${app}/console?channels=${encodeURIComponent('class:algebra')}`,
      heading: 'Console',
      then: traceTheNewest,
    },
    { name: 'channels', path: `${app}/channels`, heading: 'Channels' },
    { name: 'groups', path: `${app}/groups`, heading: 'Groups' },
    {
      name: 'groups-dead-letters',
      path: `${app}/groups`,
      heading: 'Groups',
      then: async (page) => {
        await page.getByRole('button', { name: /dead letters? of correctors/ }).click();
        await page.getByRole('dialog').getByText('nacked').first().waitFor();
      },
    },
    { name: 'clients', path: `${app}/clients`, heading: 'Clients' },
    { name: 'keys', path: `${app}/keys`, heading: 'Keys' },
    { name: 'tokens', path: `${app}/tokens`, heading: 'Tokens' },
    {
      name: 'keys-tester',
      path: `${app}/keys`,
      heading: 'Keys',
      then: async (page) => {
        await page.getByLabel('What', { exact: true }).selectOption('admin');
        await page.getByRole('button', { name: 'Test', exact: true }).click();
        await page.getByText('It may not').waitFor();
      },
    },
    { name: 'namespaces', path: `${app}/namespaces`, heading: 'Namespaces' },
    { name: 'apps', path: '/apps', heading: 'Apps' },
    { name: 'webhooks', path: '/webhooks', heading: 'Webhooks' },
    {
      name: 'webhook',
      path: `/webhooks/${world.webhook}`,
      heading: 'https://hooks.example.com/holdline',
    },
    { name: 'usage', path: '/usage', heading: 'Usage' },
    { name: 'limits', path: '/limits', heading: 'Limits' },
    { name: 'billing', path: '/billing', heading: 'Billing' },
    { name: 'invoice', path: `/billing/invoices/${world.invoice}`, heading: 'Invoice ' },
    { name: 'ledger', path: '/billing/ledger', heading: 'Ledger' },
    { name: 'members', path: '/members', heading: 'Members' },
    { name: 'audit', path: '/audit', heading: 'Audit log' },
    { name: 'account', path: '/account', heading: 'Account' },
    { name: 'two-step', path: '/account', heading: 'Account', then: showSecret },
  ];
}

/** Those that are shown to nobody in particular. */
export const OPEN_PAGES: readonly ShownPage[] = [
  { name: 'login', path: '/login', heading: 'Sign in' },
  { name: 'login-code', path: '/login', heading: 'Sign in', then: askForCode },
  { name: 'signup', path: '/signup', heading: 'Sign up' },
  { name: 'nowhere', path: '/nowhere', heading: '' },
  { name: 'operator-login', path: '/operator/login', heading: 'Operator' },
];

/** A tenant, as the platform's own staff see it. */
export const tenantAsOperator = (world: World): ShownPage => ({
  name: 'operator-tenant',
  path: `/operator/tenants/${world.tenant}`,
  heading: 'Acme Learning',
});

/** Those of the platform's own staff. */
export function operatorPagesOf(world: World): readonly ShownPage[] {
  const at = (name: string, heading: string): ShownPage => ({
    ...{ name: `operator-${name}`, path: `/operator/${name}`, heading },
  });
  return [
    at('tenants', 'Tenants'),
    tenantAsOperator(world),
    at('limits', 'Limits in trouble'),
    at('plans', 'Plans'),
    at('coupons', 'Coupons'),
    at('invoices', 'Invoices'),
    at('reconciliation', 'Reconciliation'),
    at('servers', 'Servers'),
    at('operators', 'Operators'),
    at('log', 'Log'),
    at('account', 'Account'),
  ];
}

/** The console shows only what happens while it is open. */
async function chooseTheNewest(page: Page, { client }: World): Promise<void> {
  await page.getByText('live', { exact: true }).waitFor();
  for (let n = 1; n <= 8; n++)
    await client.publish('class:algebra', {
      name: 'question',
      data: { slide: n, text: `Why is step ${n} allowed?` },
      headers: { room: '12' },
    });
  await page
    .getByRole('button', { name: /step 8/ })
    .first()
    .click();
  await page.getByRole('group', { name: 'data' }).waitFor();
}

async function traceTheNewest(page: Page, world: World): Promise<void> {
  const { owner, app } = world;
  await owner.ask(`/v1/apps/${app}/channels/class:algebra/trace`, { method: 'POST' });
  await chooseTheNewest(page, world);
  await page.getByRole('tab', { name: 'Trace' }).click();
  await page.getByRole('region', { name: 'Receivers' }).getByText('confirmed').waitFor();
}

async function askForCode(page: Page, { careful }: World): Promise<void> {
  await page.getByLabel('E-mail').fill(careful.email);
  await page.getByLabel('Password').fill(careful.password);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.getByLabel('Code').waitFor();
}

async function showSecret(page: Page, { owner }: World): Promise<void> {
  await page.getByRole('button', { name: 'Turn it on' }).click();
  await page.getByLabel('Your password').fill(owner.password);
  await page.getByRole('button', { name: 'Go on' }).click();
  await page.getByRole('img', { name: /^QR code/ }).waitFor();
}
