import { useQuery } from '@tanstack/react-query';
import { limitsQuery } from '../../api/queries.js';
import { whole } from '../../ui/figures.js';
import { Loaded } from '../../ui/loaded.js';
import { Meter } from '../../ui/meter.js';
import { Card, Page } from '../../ui/page.js';
import { Table } from '../../ui/paged-table.js';
import { Moment } from '../../ui/time.js';

const KINDS = {
  quota: 'Quotas',
  rate: 'Rates',
  concurrent: 'At once',
  count: 'How many there may be',
  size: 'Sizes',
} as const;

export function LimitsPage() {
  const query = useQuery(limitsQuery);
  return (
    <Page
      title="Limits"
      lead="Every limit and how full it is. A refusal names its limit, what was used, and when it is free again."
    >
      <Loaded query={query}>
        {({ limits, note }) => (
          <>
            {note && (
              <div className="note" data-tone="warn" role="status">
                {note}
              </div>
            )}
            {(Object.keys(KINDS) as (keyof typeof KINDS)[]).map((kind) => {
              const items = limits.filter((limit) => limit.kind === kind);
              if (items.length === 0) return null;
              return (
                <Card key={kind} title={KINDS[kind]}>
                  <Table
                    caption={KINDS[kind]}
                    items={items}
                    keyOf={({ name }) => name}
                    columns={[
                      {
                        head: 'Limit',
                        cell: ({ title, name, remedy }) => (
                          <div className="stack-small">
                            <strong>{title}</strong>
                            <span className="small soft">
                              <code>{name}</code>: {remedy}
                            </span>
                          </div>
                        ),
                      },
                      {
                        head: 'Used',
                        numeric: true,
                        cell: ({ used }) => (used === null ? '–' : whole(used)),
                      },
                      {
                        head: 'At most',
                        numeric: true,
                        cell: ({ max, unit }) =>
                          max === null ? 'no limit' : `${whole(max)} ${unit}`,
                      },
                      {
                        head: 'How full',
                        cell: ({ title, used, max }) =>
                          used !== null && max !== null ? (
                            <Meter label={title} used={used} max={max} />
                          ) : (
                            <span className="soft small">each by itself</span>
                          ),
                      },
                      {
                        head: 'Free again',
                        cell: ({ resetAt }) => (resetAt ? <Moment at={resetAt} /> : ''),
                      },
                    ]}
                  />
                </Card>
              );
            })}
          </>
        )}
      </Loaded>
    </Page>
  );
}
