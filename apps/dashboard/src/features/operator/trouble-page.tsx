import { useQuery } from '@tanstack/react-query';
import { money, whole } from '../../ui/figures.js';
import { Loaded } from '../../ui/loaded.js';
import { Meter } from '../../ui/meter.js';
import { Badge, Card, Empty, Page } from '../../ui/page.js';
import { Table } from '../../ui/paged-table.js';
import { Moment } from '../../ui/time.js';
import { troubleQuery } from './operator-queries.js';
import { TenantLink } from './tenant-link.js';

export function TroublePage() {
  const query = useQuery(troubleQuery);
  return (
    <Page
      title="Limits in trouble"
      lead="Whose limits refused something in the last day or are four fifths used up, the fullest first."
    >
      <Loaded query={query}>
        {({ data, budgets, note }) => (
          <>
            {note && (
              <div className="note" data-tone="warn" role="status">
                {note}
              </div>
            )}
            <Card title="Limits">
              {data.length === 0 ? (
                <Empty title="No limit is in trouble">
                  One shows here from four fifths on, and for a day after it refused something.
                </Empty>
              ) : (
                <Table
                  caption="Limits in trouble"
                  items={data}
                  keyOf={({ tenant, appId, name }) => [tenant.id, appId, name].join(' ')}
                  columns={[
                    { head: 'Tenant', cell: ({ tenant }) => <TenantLink tenant={tenant} /> },
                    {
                      head: 'Limit',
                      cell: ({ title, name, appId, subject }) => (
                        <div className="stack-small">
                          <strong>{title}</strong>
                          <span className="small soft">
                            <code>{name}</code> {appId} {subject}
                          </span>
                        </div>
                      ),
                    },
                    {
                      head: 'State',
                      cell: ({ state, share }) => (
                        <Badge tone={state === 'reached' ? 'bad' : 'warn'}>
                          {state === 'reached' ? 'refused' : share >= 1 ? 'full' : 'nearly full'}
                        </Badge>
                      ),
                    },
                    {
                      head: 'Used',
                      cell: ({ title, used, max }) => (
                        <div className="stack-small">
                          <Meter label={title} used={used} max={max} />
                          <span className="small soft">
                            {whole(used)} of {whole(max)}
                          </span>
                        </div>
                      ),
                    },
                    { head: 'Refused', numeric: true, cell: ({ refused }) => whole(refused) },
                    { head: 'When', cell: ({ at }) => (at ? <Moment at={at} /> : 'now') },
                  ]}
                />
              )}
            </Card>
            <Card title="Budgets">
              {budgets.length === 0 ? (
                <Empty title="No budget is nearly used up">
                  A budget shows here from four fifths on.
                </Empty>
              ) : (
                <Table
                  caption="Budgets in trouble"
                  items={budgets}
                  keyOf={({ tenant, appId }) => `${tenant.id} ${appId}`}
                  columns={[
                    { head: 'Tenant', cell: ({ tenant }) => <TenantLink tenant={tenant} /> },
                    { head: 'App', cell: ({ appId }) => appId ?? 'all' },
                    { head: 'State', cell: ({ level }) => <Badge tone="warn">{level}</Badge> },
                    {
                      head: 'Spent',
                      cell: ({ usedMicro, maxMicro, currency }) => (
                        <div className="stack-small">
                          <Meter label="Budget" used={Number(usedMicro)} max={Number(maxMicro)} />
                          <span className="small soft">
                            {money(usedMicro, currency)} of {money(maxMicro, currency)}
                          </span>
                        </div>
                      ),
                    },
                  ]}
                />
              )}
            </Card>
          </>
        )}
      </Loaded>
    </Page>
  );
}
