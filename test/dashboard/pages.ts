import type { World } from './world.js';

export interface ShownPage {
  readonly name: string;
  /** Below /dashboard. */
  readonly path: string;
  readonly heading: string;
}

/** Every page of the dashboard that a member of a tenant has. */
export function pagesOf(world: World): readonly ShownPage[] {
  const app = `/apps/${world.app}`;
  return [
    { name: 'overview', path: '', heading: 'Overview' },
    { name: 'get-started', path: `${app}/start`, heading: 'Get started' },
    {
      name: 'console',
      path: `${app}/console?channels=${encodeURIComponent('class:algebra,alerts')}`,
      heading: 'Console',
    },
    { name: 'channels', path: `${app}/channels`, heading: 'Channels' },
    { name: 'groups', path: `${app}/groups`, heading: 'Groups' },
    { name: 'clients', path: `${app}/clients`, heading: 'Clients' },
    { name: 'keys', path: `${app}/keys`, heading: 'Keys' },
    { name: 'tokens', path: `${app}/tokens`, heading: 'Tokens' },
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
    { name: 'two-step', path: '/account', heading: 'Account' },
  ];
}

/** Those that are shown to nobody in particular. */
export const OPEN_PAGES: readonly ShownPage[] = [
  { name: 'login', path: '/login', heading: 'Sign in' },
  { name: 'login-code', path: '/login', heading: 'Sign in' },
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
  ];
}
