import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { answered, api } from '../../api/client.js';
import { Button } from '../../ui/button.js';
import { whole } from '../../ui/figures.js';
import { Loaded } from '../../ui/loaded.js';
import { Meter } from '../../ui/meter.js';
import { Card } from '../../ui/page.js';
import { Table } from '../../ui/paged-table.js';
import { JsonDialog } from './json-dialog.js';
import { tenantLimitsQuery } from './operator-queries.js';

const SHOWN = 8;

interface Props {
  readonly tenant: string;
  /** What goes before its plan's. */
  readonly own: Readonly<Record<string, unknown>>;
}

export function TenantLimits({ tenant, own }: Props) {
  const client = useQueryClient();
  const query = useQuery(tenantLimitsQuery(tenant));
  const [isOpen, setOpen] = useState(false);
  const save = async (limits: unknown) => {
    await answered(
      api.PATCH('/v1/operator/tenants/{tenant}', {
        params: { path: { tenant } },
        body: { limits: limits as Record<string, never> },
      }),
    );
    await client.invalidateQueries({ queryKey: ['operator'] });
  };
  return (
    <Card
      title="Limits, fullest first"
      actions={
        <Button size="small" onClick={() => setOpen(true)}>
          Edit its own limits
        </Button>
      }
    >
      <Loaded query={query}>
        {({ limits, note }) => (
          <>
            {note && (
              <div className="note" data-tone="warn" role="status">
                {note}
              </div>
            )}
            <Table
              caption="Fullest limits"
              keyOf={({ name }) => name}
              items={limits
                .flatMap(({ name, title, used, max }) =>
                  used !== null && max !== null ? [{ name, title, used, max }] : [],
                )
                .sort((a, b) => b.used / b.max - a.used / a.max)
                .slice(0, SHOWN)}
              columns={[
                { head: 'Limit', cell: ({ title }) => title },
                { head: 'Used', numeric: true, cell: ({ used }) => whole(used) },
                { head: 'At most', numeric: true, cell: ({ max }) => whole(max) },
                {
                  head: 'How full',
                  cell: ({ title, used, max }) => <Meter label={title} used={used} max={max} />,
                },
              ]}
            />
          </>
        )}
      </Loaded>
      {isOpen && (
        <JsonDialog
          title="Its own limits"
          description="They go before those of its plan, and hold at once. What is not named is the plan’s; null means no limit. The names stand in its list of limits."
          label="Limits as JSON"
          value={own}
          pointer="/limits"
          action="Save"
          onClose={() => setOpen(false)}
          onSave={save}
        />
      )}
    </Card>
  );
}
