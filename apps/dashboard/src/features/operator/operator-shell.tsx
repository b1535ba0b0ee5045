import { useQueryClient, useSuspenseQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { answered, api } from '../../api/client.js';
import { Brand } from '../../app-shell/brand.js';
import { Frame } from '../../app-shell/frame.js';
import { ThemeSwitch } from '../../app-shell/theme-switch.js';
import { Button } from '../../ui/button.js';
import { operatorQuery } from '../../api/queries.js';

export function OperatorShell() {
  return <Frame sidebar={<OperatorSidebar />} />;
}

function OperatorSidebar() {
  const { data: me } = useSuspenseQuery(operatorQuery);
  const client = useQueryClient();
  const navigate = useNavigate();
  const leave = async () => {
    await answered(api.POST('/v1/operator/logout'));
    await navigate({ to: '/operator/login' });
    client.clear();
  };
  return (
    <div className="sidebar" id="sidebar">
      <Link to="/operator/tenants" className="brand">
        <Brand />
      </Link>
      <strong className="small">Operator</strong>
      <nav className="nav" aria-label="Pages">
        <h2>Customers</h2>
        <Link to="/operator/tenants">Tenants</Link>
        <Link to="/operator/limits">Limits in trouble</Link>
        <h2>Money</h2>
        <Link to="/operator/plans">Plans</Link>
        <Link to="/operator/coupons">Coupons</Link>
        <Link to="/operator/invoices">Invoices</Link>
        <Link to="/operator/reconciliation">Reconciliation</Link>
        <h2>Service</h2>
        <Link to="/operator/servers">Servers</Link>
        <Link to="/operator/operators">Operators</Link>
        <Link to="/operator/log">Log</Link>
      </nav>
      <div className="sidebar-foot">
        <ThemeSwitch />
        <span className="small soft">{me.email}</span>
        <Button size="small" onClick={() => void leave()}>
          Sign out
        </Button>
        <span className="row small">
          <Link to="/operator/account">Account</Link>
          <a href="/docs">API reference</a>
        </span>
      </div>
    </div>
  );
}
