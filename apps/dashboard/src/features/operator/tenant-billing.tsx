import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { answered, api } from '../../api/client.js';
import { Act } from '../../ui/act.js';
import { Button } from '../../ui/button.js';
import { money } from '../../ui/figures.js';
import { Loaded } from '../../ui/loaded.js';
import { Card, Empty, Facts } from '../../ui/page.js';
import { Table } from '../../ui/paged-table.js';
import { Moment } from '../../ui/time.js';
import { CouponDialog, CreditDialog, GivePlanDialog } from './billing-dialogs.js';
import { ProfileDialog } from './profile-dialog.js';
import { tenantBillingQuery } from './operator-queries.js';

export function TenantBilling({ tenant }: { readonly tenant: string }) {
  const client = useQueryClient();
  const query = useQuery(tenantBillingQuery(tenant));
  const [open, setOpen] = useState<'plan' | 'credit' | 'coupon' | 'profile' | null>(null);
  const done = async () => {
    setOpen(null);
    await client.invalidateQueries({ queryKey: ['operator'] });
  };
  const takeCoupon = async (code: string) => {
    await answered(
      api.PATCH('/v1/operator/tenants/{tenant}/billing', {
        params: { path: { tenant } },
        body: { removeCoupon: code },
      }),
    );
    await client.invalidateQueries({ queryKey: ['operator'] });
  };
  return (
    <Card
      title="Billing"
      actions={
        <div className="row">
          <Button size="small" onClick={() => setOpen('plan')}>
            Give a plan
          </Button>
          <Button size="small" onClick={() => setOpen('credit')}>
            Give credit
          </Button>
          <Button size="small" onClick={() => setOpen('coupon')}>
            Give a coupon
          </Button>
          <Button size="small" onClick={() => setOpen('profile')}>
            Address and tax
          </Button>
        </div>
      }
    >
      <Loaded query={query}>
        {({ subscription, profile, credits, coupons }) => (
          <div className="stack">
            {subscription === null ? (
              <Empty title="No plan">Nothing is billed until it has one.</Empty>
            ) : (
              <Facts
                items={[
                  ['Subscription', `${subscription.planId}, ${subscription.state}`],
                  ['Billed', `every ${subscription.interval} in ${subscription.currency}`],
                  ['Collected by', subscription.provider],
                  ['Period ends', <Moment key="e" at={subscription.periodEnd} day />],
                  [
                    profile.taxName,
                    `${profile.taxBasisPoints / 100} %${profile.taxInclusive ? ', included' : ''}`,
                  ],
                ]}
              />
            )}
            {credits.length > 0 && (
              <Table
                caption="Credits"
                items={credits}
                keyOf={({ id }) => id}
                columns={[
                  { head: 'Credit for', cell: ({ reason }) => reason },
                  {
                    head: 'Given',
                    numeric: true,
                    cell: ({ amountMicro, currency }) => money(amountMicro, currency),
                  },
                  {
                    head: 'Left',
                    numeric: true,
                    cell: ({ remainingMicro, currency }) => money(remainingMicro, currency),
                  },
                  { head: 'Ends', cell: ({ expiresAt }) => <Moment at={expiresAt} day /> },
                ]}
              />
            )}
            {coupons.length > 0 && (
              <Table
                caption="Coupons"
                items={coupons}
                keyOf={({ code }) => code}
                columns={[
                  { head: 'Coupon', cell: ({ code }) => <code>{code}</code> },
                  {
                    head: 'Invoices left',
                    cell: ({ remaining }) => (remaining === null ? 'all' : remaining),
                  },
                  {
                    head: 'Actions',
                    cell: ({ code }) => (
                      <Act size="small" onAct={() => takeCoupon(code)}>
                        Take {code} back
                      </Act>
                    ),
                  },
                ]}
              />
            )}
          </div>
        )}
      </Loaded>
      {open === 'profile' && query.data && (
        <ProfileDialog tenant={tenant} profile={query.data.profile} onClose={() => void done()} />
      )}
      {open === 'plan' && <GivePlanDialog tenant={tenant} onClose={() => void done()} />}
      {open === 'credit' && <CreditDialog tenant={tenant} onClose={() => void done()} />}
      {open === 'coupon' && <CouponDialog tenant={tenant} onClose={() => void done()} />}
    </Card>
  );
}
