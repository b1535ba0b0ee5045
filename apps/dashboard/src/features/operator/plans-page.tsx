import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { answered, api } from '../../api/client.js';
import { Act } from '../../ui/act.js';
import { Button } from '../../ui/button.js';
import { Confirm } from '../../ui/confirm.js';
import { money } from '../../ui/figures.js';
import { Loaded } from '../../ui/loaded.js';
import { Badge, Card, Page } from '../../ui/page.js';
import { Table } from '../../ui/paged-table.js';
import { plansQuery } from './operator-queries.js';
import { PlanEditor, type Plan } from './plan-editor.js';

export function PlansPage() {
  const client = useQueryClient();
  const query = useQuery(plansQuery);
  const [edited, setEdited] = useState<Plan | 'new' | null>(null);
  const again = () => client.invalidateQueries({ queryKey: ['operator'] });
  const retire = async (plan: string) => {
    await answered(api.DELETE('/v1/operator/plans/{plan}', { params: { path: { plan } } }));
    await again();
  };
  const offer = async (plan: string) => {
    await answered(
      api.PATCH('/v1/operator/plans/{plan}', {
        params: { path: { plan } },
        body: { status: 'active' },
      }),
    );
    await again();
  };
  return (
    <Page
      title="Plans"
      lead="What tenants can have. New limits hold at once, new prices from each tenant’s next period on."
      actions={
        <Button kind="main" onClick={() => setEdited('new')}>
          New plan
        </Button>
      }
    >
      <Card>
        <Loaded query={query}>
          {({ data }) => (
            <Table
              caption="Plans"
              items={data}
              keyOf={({ id }) => id}
              columns={[
                {
                  head: 'Plan',
                  cell: ({ id, name }) => (
                    <div className="stack-small">
                      <strong>{name}</strong>
                      <code className="small soft">{id}</code>
                    </div>
                  ),
                },
                {
                  head: 'State',
                  cell: ({ status, pricing }) => (
                    <Badge tone={status === 'active' ? 'good' : undefined}>
                      {status === 'retired' ? 'retired' : pricing.public ? 'offered' : 'by hand'}
                    </Badge>
                  ),
                },
                { head: 'Per month', cell: ({ pricing }) => monthly(pricing) },
                {
                  head: 'Limits',
                  numeric: true,
                  cell: ({ limits }) => Object.keys(limits).length,
                },
                {
                  head: 'Actions',
                  cell: (plan) => (
                    <div className="row">
                      <Button
                        size="small"
                        aria-label={`Edit ${plan.name}`}
                        onClick={() => setEdited(plan)}
                      >
                        Edit
                      </Button>
                      {plan.status === 'active' ? (
                        <Confirm
                          action="Retire"
                          size="small"
                          label={`Retire ${plan.name}`}
                          title={`Retire ${plan.name}?`}
                          onConfirm={() => retire(plan.id)}
                        >
                          Nobody new gets it; those who have it keep it.
                        </Confirm>
                      ) : (
                        <Act
                          size="small"
                          label={`Offer ${plan.name} again`}
                          onAct={() => offer(plan.id)}
                        >
                          Offer again
                        </Act>
                      )}
                    </div>
                  ),
                },
              ]}
            />
          )}
        </Loaded>
      </Card>
      {edited !== null && (
        <PlanEditor
          plan={edited === 'new' ? null : edited}
          onClose={() => {
            setEdited(null);
            void again();
          }}
        />
      )}
    </Page>
  );
}

function monthly({ currencies }: Plan['pricing']): string {
  const prices = Object.entries(currencies).flatMap(([currency, { base }]) =>
    base.month === undefined ? [] : [money(base.month, currency)],
  );
  return prices.join(', ') || '–';
}
