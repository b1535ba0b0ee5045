import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { answered, api } from '../../api/client.js';
import { useMay } from '../../api/use-me.js';
import { Button } from '../../ui/button.js';
import { Loaded } from '../../ui/loaded.js';
import { Badge, Card, Facts } from '../../ui/page.js';
import { ProblemNote } from '../../ui/problem-note.js';
import { dayText, lastDayText } from '../../ui/time.js';
import { planQuery } from './billing-queries.js';
import { PlanDialog } from './plan-dialog.js';

const TONE = {
  trialing: 'accent',
  active: 'good',
  past_due: 'bad',
  paused: 'warn',
  cancelled: undefined,
} as const;

export function PlanCard() {
  const query = useQuery(planQuery);
  const mayBill = useMay('bill');
  const [isChoosing, setChoosing] = useState(false);
  const portal = useMutation({
    mutationFn: () =>
      answered(api.POST('/v1/billing/portal', { body: { returnUrl: location.href } })),
    onSuccess: ({ url }) => location.assign(url),
  });
  return (
    <Card
      title="Plan"
      actions={
        mayBill && (
          <div className="row">
            <Button size="small" onClick={() => setChoosing(true)}>
              Change the plan
            </Button>
            <Button size="small" busy={portal.isPending} onClick={() => portal.mutate()}>
              Means of payment
            </Button>
          </div>
        )
      }
    >
      <ProblemNote problem={portal.error} />
      <Loaded query={query}>
        {({ plan, subscription, available }) => (
          <>
            {plan && subscription ? (
              <Facts
                items={[
                  ['Plan', <strong key="p">{plan.name}</strong>],
                  [
                    'State',
                    <Badge key="s" tone={TONE[subscription.state]}>
                      {subscription.state.replace('_', ' ')}
                    </Badge>,
                  ],
                  [
                    'This period',
                    `${dayText(subscription.periodStart)} – ${lastDayText(subscription.periodEnd)}`,
                  ],
                  ['Billed', `every ${subscription.interval}, in ${subscription.currency}`],
                  [
                    'Collected by',
                    subscription.provider === 'stripe' ? 'Stripe' : 'invoice and transfer',
                  ],
                  ...(subscription.trialEnd === null
                    ? []
                    : ([['Trial until', dayText(subscription.trialEnd)]] as const)),
                ]}
              />
            ) : (
              <p>
                {plan ? `${plan.name}, which costs nothing.` : 'No plan is chosen.'}{' '}
                <span className="soft">
                  {mayBill
                    ? 'Change the plan to have more.'
                    : 'An owner, or a member with the role billing, can change it.'}
                </span>
              </p>
            )}
            {isChoosing && (
              <PlanDialog
                current={plan?.id ?? null}
                available={available}
                onClose={() => setChoosing(false)}
              />
            )}
          </>
        )}
      </Loaded>
    </Card>
  );
}
