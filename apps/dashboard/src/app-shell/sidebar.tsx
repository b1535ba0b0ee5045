import { useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate, useRouterState } from '@tanstack/react-router';
import { answered, api } from '../api/client.js';
import { useMe } from '../api/use-me.js';
import { Button } from '../ui/button.js';
import { Brand } from './brand.js';
import { useCurrentApp } from './current-app.js';
import { TenantSwitch } from './tenant-switch.js';
import { ThemeSwitch } from './theme-switch.js';

const exact = { exact: true };

export function Sidebar() {
  const { apps, app } = useCurrentApp();
  const me = useMe();
  const navigate = useNavigate();
  const { pathname } = useRouterState({ select: ({ location }) => location });
  const choose = (id: string) => {
    const page = /^\/apps\/[^/]+\/(\w+)/.exec(pathname)?.[1] ?? 'console';
    void navigate({ to: `/apps/$app/${page}` as '/apps/$app/console', params: { app: id } });
  };
  return (
    <div className="sidebar" id="sidebar">
      <Link to="/" className="brand">
        <Brand />
      </Link>
      <TenantSwitch />
      <nav className="nav" aria-label="Pages">
        <Link to="/" activeOptions={exact}>
          Overview
        </Link>
        <h2>App</h2>
        {apps.length > 0 && (
          <select
            className="input"
            aria-label="App"
            value={app?.id ?? ''}
            onChange={(event) => choose(event.target.value)}
          >
            {app === null && <option value="">Choose an app</option>}
            {apps.map(({ id, name }) => (
              <option key={id} value={id}>
                {name}
              </option>
            ))}
          </select>
        )}
        {app && (
          <>
            <Link to="/apps/$app/start" params={{ app: app.id }}>
              Get started
            </Link>
            <Link to="/apps/$app/console" params={{ app: app.id }}>
              Console
            </Link>
            <Link to="/apps/$app/channels" params={{ app: app.id }}>
              Channels
            </Link>
            <Link to="/apps/$app/groups" params={{ app: app.id }}>
              Groups
            </Link>
            <Link to="/apps/$app/clients" params={{ app: app.id }}>
              Clients
            </Link>
            <Link to="/apps/$app/keys" params={{ app: app.id }}>
              Keys
            </Link>
            <Link to="/apps/$app/tokens" params={{ app: app.id }}>
              Tokens
            </Link>
            <Link to="/apps/$app/namespaces" params={{ app: app.id }}>
              Namespaces
            </Link>
          </>
        )}
        <h2>Tenant</h2>
        <Link to="/apps" activeOptions={exact}>
          Apps
        </Link>
        <Link to="/webhooks">Webhooks</Link>
        <Link to="/usage">Usage</Link>
        <Link to="/limits">Limits</Link>
        <Link to="/billing">Billing</Link>
        <Link to="/members">Members</Link>
        <Link to="/audit">Audit log</Link>
      </nav>
      <div className="sidebar-foot">
        <ThemeSwitch />
        <span className="small soft">
          {me.user?.email ?? me.impersonation?.operator} · {me.role}
        </span>
        {me.impersonation === null && <SignOut />}
        <span className="row small">
          {me.user !== null && <Link to="/account">Account</Link>}
          <a href="/docs">API reference</a>
        </span>
      </div>
    </div>
  );
}

function SignOut() {
  const client = useQueryClient();
  const navigate = useNavigate();
  const leave = async () => {
    await answered(api.POST('/v1/logout'));
    await navigate({ to: '/login' });
    client.clear();
  };
  return (
    <Button size="small" onClick={() => void leave()}>
      Sign out
    </Button>
  );
}
