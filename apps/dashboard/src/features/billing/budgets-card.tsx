import { useQuery, useQueryClient, useSuspenseQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { answered, api } from '../../api/client.js';
import { appsQuery } from '../../api/queries.js';
import { useMay } from '../../api/use-me.js';
import { Button } from '../../ui/button.js';
import { Confirm } from '../../ui/confirm.js';
import { money } from '../../ui/figures.js';
import { Loaded } from '../../ui/loaded.js';
import { Meter } from '../../ui/meter.js';
import { Badge, Card, Empty } from '../../ui/page.js';
import { dayText } from '../../ui/time.js';
import { budgetsQuery } from './billing-queries.js';
import { BudgetDialog } from './budget-dialog.js';

const LEVELS = {
  ok: { text: 'within', tone: 'good' },
  warned: { text: 'four fifths reached', tone: 'warn' },
  degraded: { text: 'coalescing', tone: 'warn' },
  stopped: { text: 'reached: stopped', tone: 'bad' },
} as const;

export function BudgetsCard() {
  const query = useQuery(budgetsQuery);
  const { data: apps } = useSuspenseQuery(appsQuery);
  const client = useQueryClient();
  const mayBill = useMay('bill');
  const [isOpen, setOpen] = useState(false);
  const remove = async (appId: string | null) => {
    await answered(
      api.DELETE('/v1/billing/budgets', {
        params: { query: appId === null ? {} : { appId } },
      }),
    );
    await client.invalidateQueries({ queryKey: ['billing', 'budgets'] });
  };
  const nameOf = (id: string | null) =>
    id === null ? 'All apps' : (apps.find((app) => app.id === id)?.name ?? id);
  return (
    <Card
      title="Budgets"
      actions={
        mayBill && (
          <Button size="small" onClick={() => setOpen(true)}>
            Set a budget
          </Button>
        )
      }
    >
      <Loaded query={query}>
        {({ data }) =>
          data.length === 0 ? (
            <Empty title="No budget">
              With one you are warned at 80 %, and stopped at 100 % if you choose so.
            </Empty>
          ) : (
            <div className="stack">
              {data.map(({ appId, amountMicro, usedMicro, currency, level, stop, resetAt }) => (
                <div key={appId ?? ''} className="stack-small">
                  <div className="spread">
                    <strong>{nameOf(appId)}</strong>
                    <Badge tone={LEVELS[level].tone}>{LEVELS[level].text}</Badge>
                  </div>
                  <Meter
                    label={`Budget of ${nameOf(appId)}`}
                    used={Number(usedMicro)}
                    max={Number(amountMicro)}
                  />
                  <div className="spread small soft">
                    <span>
                      {money(usedMicro, currency)} of {money(amountMicro, currency)};{' '}
                      {stop ? 'stops when reached' : 'goes on when reached'}
                      {resetAt !== null && `; anew on ${dayText(resetAt)}`}
                    </span>
                    {mayBill && (
                      <Confirm
                        action="Remove"
                        size="small"
                        label={`Remove the budget of ${nameOf(appId)}`}
                        title={`Remove the budget of ${nameOf(appId)}?`}
                        onConfirm={() => remove(appId)}
                      >
                        What it stopped goes on at once, and nothing limits the spending any more.
                      </Confirm>
                    )}
                  </div>
                </div>
              ))}
            </div>
          )
        }
      </Loaded>
      {isOpen && <BudgetDialog apps={apps} onClose={() => setOpen(false)} />}
    </Card>
  );
}
