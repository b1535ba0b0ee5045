import type { QueryClient } from '@tanstack/react-query';
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect,
} from '@tanstack/react-router';
import { ApiProblem } from './api/client.js';
import { appsQuery, meQuery, operatorQuery } from './api/queries.js';
import { NotFound } from './app-shell/not-found.js';
import { RouteFault } from './app-shell/route-fault.js';
import { Shell } from './app-shell/shell.js';

/** One page for each address; each is loaded when it is first opened. */
const root = createRootRouteWithContext<{ client: QueryClient }>()({
  component: Outlet,
  notFoundComponent: NotFound,
});

const text = (value: unknown): value is string => typeof value === 'string';
/** Where to go on, and the code of what a sign-in through another provider was refused with. */
const back = ({
  back: page,
  problem,
}: Record<string, unknown>): { back?: string; problem?: string } => ({
  ...(text(page) && { back: page }),
  ...(text(problem) && { problem }),
});

const login = createRoute({
  getParentRoute: () => root,
  path: '/login',
  validateSearch: back,
  component: lazyRouteComponent(() => import('./features/sign-in/login-page.js'), 'LoginPage'),
});
const signup = createRoute({
  getParentRoute: () => root,
  path: '/signup',
  component: lazyRouteComponent(() => import('./features/sign-in/signup-page.js'), 'SignupPage'),
});

const shell = createRoute({
  getParentRoute: () => root,
  id: 'shell',
  component: Shell,
  errorComponent: RouteFault,
  beforeLoad: async ({ context, location }) => {
    try {
      await Promise.all([
        context.client.ensureQueryData(meQuery),
        context.client.ensureQueryData(appsQuery),
      ]);
    } catch (error) {
      if (error instanceof ApiProblem && error.code === 'unauthenticated')
        // A router's redirect is thrown; it is no error.
        // eslint-disable-next-line @typescript-eslint/only-throw-error
        throw redirect({ to: '/login', search: { back: location.href } });
      throw error;
    }
  },
});

const overview = createRoute({
  getParentRoute: () => shell,
  path: '/',
  component: lazyRouteComponent(
    () => import('./features/overview/overview-page.js'),
    'OverviewPage',
  ),
});
const usage = createRoute({
  getParentRoute: () => shell,
  path: '/usage',
  component: lazyRouteComponent(() => import('./features/usage/usage-page.js'), 'UsagePage'),
});
const limits = createRoute({
  getParentRoute: () => shell,
  path: '/limits',
  component: lazyRouteComponent(() => import('./features/limits/limits-page.js'), 'LimitsPage'),
});
const billing = createRoute({
  getParentRoute: () => shell,
  path: '/billing',
  component: lazyRouteComponent(() => import('./features/billing/billing-page.js'), 'BillingPage'),
});
const invoice = createRoute({
  getParentRoute: () => shell,
  path: '/billing/invoices/$invoice',
  component: lazyRouteComponent(() => import('./features/billing/invoice-page.js'), 'InvoicePage'),
});
const ledger = createRoute({
  getParentRoute: () => shell,
  path: '/billing/ledger',
  component: lazyRouteComponent(() => import('./features/billing/ledger-page.js'), 'LedgerPage'),
});
const webhooks = createRoute({
  getParentRoute: () => shell,
  path: '/webhooks',
  component: lazyRouteComponent(
    () => import('./features/webhooks/webhooks-page.js'),
    'WebhooksPage',
  ),
});
const webhook = createRoute({
  getParentRoute: () => shell,
  path: '/webhooks/$webhook',
  component: lazyRouteComponent(() => import('./features/webhooks/webhook-page.js'), 'WebhookPage'),
});
const members = createRoute({
  getParentRoute: () => shell,
  path: '/members',
  component: lazyRouteComponent(() => import('./features/members/members-page.js'), 'MembersPage'),
});
const audit = createRoute({
  getParentRoute: () => shell,
  path: '/audit',
  component: lazyRouteComponent(() => import('./features/audit/audit-page.js'), 'AuditPage'),
});
const account = createRoute({
  getParentRoute: () => shell,
  path: '/account',
  validateSearch: ({ problem }: Record<string, unknown>): { problem?: string } =>
    text(problem) ? { problem } : {},
  component: lazyRouteComponent(() => import('./features/account/account-page.js'), 'AccountPage'),
});
const apps = createRoute({
  getParentRoute: () => shell,
  path: '/apps',
  component: lazyRouteComponent(() => import('./features/keys/apps-page.js'), 'AppsPage'),
});
const start = createRoute({
  getParentRoute: () => shell,
  path: '/apps/$app/start',
  component: lazyRouteComponent(() => import('./features/first-run/start-page.js'), 'StartPage'),
});
const keys = createRoute({
  getParentRoute: () => shell,
  path: '/apps/$app/keys',
  component: lazyRouteComponent(() => import('./features/keys/keys-page.js'), 'KeysPage'),
});
const tokens = createRoute({
  getParentRoute: () => shell,
  path: '/apps/$app/tokens',
  component: lazyRouteComponent(() => import('./features/tokens/tokens-page.js'), 'TokensPage'),
});
const namespaces = createRoute({
  getParentRoute: () => shell,
  path: '/apps/$app/namespaces',
  component: lazyRouteComponent(
    () => import('./features/namespaces/namespaces-page.js'),
    'NamespacesPage',
  ),
});
const channels = createRoute({
  getParentRoute: () => shell,
  path: '/apps/$app/channels',
  component: lazyRouteComponent(
    () => import('./features/channels/channels-page.js'),
    'ChannelsPage',
  ),
});
const groups = createRoute({
  getParentRoute: () => shell,
  path: '/apps/$app/groups',
  component: lazyRouteComponent(() => import('./features/channels/groups-page.js'), 'GroupsPage'),
});
const clients = createRoute({
  getParentRoute: () => shell,
  path: '/apps/$app/clients',
  component: lazyRouteComponent(() => import('./features/channels/clients-page.js'), 'ClientsPage'),
});
/** One, or several: a name may hold any character, so that none can stand between two of them. */
type Channels = string | readonly string[];
const consoleRoute = createRoute({
  getParentRoute: () => shell,
  path: '/apps/$app/console',
  validateSearch: ({ channels: named }: Record<string, unknown>): { channels?: Channels } => {
    if (Array.isArray(named)) return { channels: named.filter(text) };
    // A name that looks like a number is read as one.
    return text(named) || typeof named === 'number' ? { channels: String(named) } : {};
  },
  component: lazyRouteComponent(() => import('./features/console/console-page.js'), 'ConsolePage'),
});

const operatorLogin = createRoute({
  getParentRoute: () => root,
  path: '/operator/login',
  component: lazyRouteComponent(
    () => import('./features/sign-in/operator-login-page.js'),
    'OperatorLoginPage',
  ),
});

/** The platform's own staff: another cookie, another sidebar, loaded by nobody else. */
const operatorShell = createRoute({
  getParentRoute: () => root,
  id: 'operator-shell',
  component: lazyRouteComponent(
    () => import('./features/operator/operator-shell.js'),
    'OperatorShell',
  ),
  errorComponent: RouteFault,
  beforeLoad: async ({ context, location }) => {
    try {
      await context.client.ensureQueryData(operatorQuery);
    } catch (error) {
      if (error instanceof ApiProblem && error.code === 'unauthenticated')
        // eslint-disable-next-line @typescript-eslint/only-throw-error
        throw redirect({ to: '/operator/login' });
      throw error;
    }
    if (/^\/operator\/?$/.test(location.pathname))
      // eslint-disable-next-line @typescript-eslint/only-throw-error
      throw redirect({ to: '/operator/tenants' });
  },
});
const operatorHome = createRoute({ getParentRoute: () => operatorShell, path: '/operator' });
const operatorTenants = createRoute({
  getParentRoute: () => operatorShell,
  path: '/operator/tenants',
  component: lazyRouteComponent(() => import('./features/operator/tenants-page.js'), 'TenantsPage'),
});
const operatorTenant = createRoute({
  getParentRoute: () => operatorShell,
  path: '/operator/tenants/$tenant',
  component: lazyRouteComponent(() => import('./features/operator/tenant-page.js'), 'TenantPage'),
});
const operatorPlans = createRoute({
  getParentRoute: () => operatorShell,
  path: '/operator/plans',
  component: lazyRouteComponent(() => import('./features/operator/plans-page.js'), 'PlansPage'),
});
const operatorCoupons = createRoute({
  getParentRoute: () => operatorShell,
  path: '/operator/coupons',
  component: lazyRouteComponent(() => import('./features/operator/coupons-page.js'), 'CouponsPage'),
});
const operatorInvoices = createRoute({
  getParentRoute: () => operatorShell,
  path: '/operator/invoices',
  component: lazyRouteComponent(
    () => import('./features/operator/operator-invoices-page.js'),
    'OperatorInvoicesPage',
  ),
});
const operatorReconciliation = createRoute({
  getParentRoute: () => operatorShell,
  path: '/operator/reconciliation',
  component: lazyRouteComponent(
    () => import('./features/operator/reconciliation-page.js'),
    'ReconciliationPage',
  ),
});
const operatorLimits = createRoute({
  getParentRoute: () => operatorShell,
  path: '/operator/limits',
  component: lazyRouteComponent(() => import('./features/operator/trouble-page.js'), 'TroublePage'),
});
const operatorServers = createRoute({
  getParentRoute: () => operatorShell,
  path: '/operator/servers',
  component: lazyRouteComponent(() => import('./features/operator/servers-page.js'), 'ServersPage'),
});
const operatorStaff = createRoute({
  getParentRoute: () => operatorShell,
  path: '/operator/operators',
  component: lazyRouteComponent(() => import('./features/operator/staff-page.js'), 'StaffPage'),
});
const operatorLog = createRoute({
  getParentRoute: () => operatorShell,
  path: '/operator/log',
  component: lazyRouteComponent(() => import('./features/operator/log-page.js'), 'LogPage'),
});
const operatorAccount = createRoute({
  getParentRoute: () => operatorShell,
  path: '/operator/account',
  component: lazyRouteComponent(
    () => import('./features/account/operator-account-page.js'),
    'OperatorAccountPage',
  ),
});

const tree = root.addChildren([
  login,
  signup,
  operatorLogin,
  operatorShell.addChildren([
    operatorHome,
    operatorTenants,
    operatorTenant,
    operatorPlans,
    operatorCoupons,
    operatorInvoices,
    operatorReconciliation,
    operatorLimits,
    operatorServers,
    operatorStaff,
    operatorLog,
    operatorAccount,
  ]),
  shell.addChildren([
    overview,
    apps,
    start,
    keys,
    tokens,
    namespaces,
    channels,
    groups,
    clients,
    consoleRoute,
    usage,
    limits,
    billing,
    invoice,
    ledger,
    webhooks,
    webhook,
    members,
    audit,
    account,
  ]),
]);

export function createAppRouter(client: QueryClient) {
  return createRouter({
    routeTree: tree,
    basepath: '/dashboard',
    context: { client },
    defaultPreload: 'intent',
    defaultErrorComponent: RouteFault,
    scrollRestoration: true,
  });
}

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof createAppRouter>;
  }
}
