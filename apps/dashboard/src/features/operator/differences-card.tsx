import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { answered, api } from '../../api/client.js';
import { Button } from '../../ui/button.js';
import { TextField } from '../../ui/field.js';
import { FormDialog } from '../../ui/form-dialog.js';
import { Badge, Card, Empty } from '../../ui/page.js';
import { PagedTable } from '../../ui/paged-table.js';
import { Moment } from '../../ui/time.js';
import { differencesQuery } from './operator-queries.js';

export function DifferencesCard() {
  const client = useQueryClient();
  const query = useInfiniteQuery(differencesQuery);
  const [settled, setSettled] = useState<string | null>(null);
  const close = () => {
    setSettled(null);
    void client.invalidateQueries({ queryKey: ['operator'] });
  };
  return (
    <Card title="Differences">
      <PagedTable
        caption="Differences"
        query={query}
        keyOf={({ id }) => id}
        empty={
          <Empty title="No difference was ever found">
            Each hour, what Stripe has is compared with what we have; what differs shows here.
          </Empty>
        }
        columns={[
          {
            head: 'What',
            cell: ({ kind, id, note }) => (
              <div className="stack-small">
                <strong>{kind}</strong>
                <code className="small soft">{id}</code>
                <span className="small">{note}</span>
              </div>
            ),
          },
          { head: 'Ours', numeric: true, cell: ({ ours }) => ours },
          { head: 'Theirs', numeric: true, cell: ({ theirs }) => theirs },
          { head: 'Found', cell: ({ foundAt }) => <Moment at={foundAt} /> },
          {
            head: 'State',
            cell: ({ settledAt, settledBy, settledNote }) => (
              <div className="stack-small">
                <Badge tone={settledAt === null ? 'bad' : 'good'}>
                  {settledAt === null ? 'open' : 'settled'}
                </Badge>
                {settledBy && (
                  <span className="small soft">
                    by {settledBy}: {settledNote}
                  </span>
                )}
              </div>
            ),
          },
          {
            head: 'Actions',
            cell: ({ id, settledAt }) =>
              settledAt === null && (
                <Button size="small" onClick={() => setSettled(id)}>
                  Settle
                </Button>
              ),
          },
        ]}
      />
      {settled !== null && <SettleDialog id={settled} onClose={close} />}
    </Card>
  );
}

function SettleDialog({ id, onClose }: { readonly id: string; readonly onClose: () => void }) {
  const [note, setNote] = useState('');
  return (
    <FormDialog
      title="Settle by hand"
      description="It is raised again if it comes up with other numbers."
      action="Settle"
      onClose={onClose}
      onSubmit={() =>
        answered(api.POST('/v1/operator/stripe/differences/settle', { body: { id, note } }))
      }
    >
      {(faultAt) => (
        <TextField
          label="Why it is no difference any more"
          required
          maxLength={500}
          value={note}
          fault={faultAt('/note')}
          onChange={(event) => setNote(event.target.value)}
        />
      )}
    </FormDialog>
  );
}
