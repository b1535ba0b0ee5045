import { useQueryClient } from '@tanstack/react-query';
import { answered, api } from '../../api/client.js';
import type { paths } from '../../api/generated/control-plane.js';
import { Act } from '../../ui/act.js';
import { Card } from '../../ui/page.js';
import { Table } from '../../ui/paged-table.js';
import { Moment } from '../../ui/time.js';

type Event =
  paths['/v1/operator/reconciliation']['get']['responses'][200]['content']['application/json']['failedEvents'][number];

export function FailedEventsCard({ events }: { readonly events: readonly Event[] }) {
  const client = useQueryClient();
  const retry = async (id: string) => {
    await answered(api.POST('/v1/operator/stripe/events/retry', { body: { id } }));
    await client.invalidateQueries({ queryKey: ['operator'] });
  };
  if (events.length === 0) return null;
  return (
    <Card title="Events of Stripe’s that could not be taken in">
      <p className="soft">
        Each was tried for three days. Mend what was wrong, then take it in again.
      </p>
      <Table
        caption="Events of Stripe’s that could not be taken in"
        items={events}
        keyOf={({ id }) => id}
        columns={[
          {
            head: 'Event',
            cell: ({ id, type }) => (
              <div className="stack-small">
                <strong>{type}</strong>
                <code className="small soft">{id}</code>
              </div>
            ),
          },
          { head: 'About', cell: ({ objectId }) => <code>{objectId}</code> },
          { head: 'Came', cell: ({ receivedAt }) => <Moment at={receivedAt} /> },
          { head: 'What was wrong', cell: ({ fault }) => fault },
          {
            head: 'Actions',
            cell: ({ id }) => (
              <Act size="small" label={`Take in again ${id}`} onAct={() => retry(id)}>
                Take in again
              </Act>
            ),
          },
        ]}
      />
    </Card>
  );
}
