import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { money } from '../../ui/figures.js';
import { Card, Empty } from '../../ui/page.js';
import { ProblemNote } from '../../ui/problem-note.js';
import { Meter } from '../../ui/meter.js';
import { dayText } from '../../ui/time.js';
import { ApiProblem } from '../../api/client.js';
import { budgetsQuery, upcomingQuery } from '../billing/billing-queries.js';

export function SpendCard() {
  const upcoming = useQuery(upcomingQuery);
  const budgets = useQuery(budgetsQuery);
  const tenants = budgets.data?.data.find(({ appId }) => appId === null);
  const isFree = upcoming.error instanceof ApiProblem && upcoming.error.status === 404;
  return (
    <Card title="Spend in this period" actions={<Link to="/billing">Billing</Link>}>
      {upcoming.data ? (
        <div className="stack">
          <div className="figure">
            <span className="value">{money(upcoming.data.totalMicro, upcoming.data.currency)}</span>
            <span className="soft small">
              so far; drawn up on {dayText(upcoming.data.periodEnd)}
            </span>
          </div>
          {tenants && (
            <div className="stack-small">
              <Meter
                label="Budget of all apps"
                used={Number(tenants.usedMicro)}
                max={Number(tenants.amountMicro)}
              />
              <span className="small soft">
                {money(tenants.usedMicro, tenants.currency)} of{' '}
                {money(tenants.amountMicro, tenants.currency)} budgeted
              </span>
            </div>
          )}
        </div>
      ) : isFree ? (
        <Empty title="Nothing is billed">
          <Link to="/billing">Choose a plan</Link> to have more than the free limits.
        </Empty>
      ) : upcoming.isError ? (
        <ProblemNote problem={upcoming.error} />
      ) : (
        <div className="skeleton" role="status" aria-label="Loading" />
      )}
    </Card>
  );
}
