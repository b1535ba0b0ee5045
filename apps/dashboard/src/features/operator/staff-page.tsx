import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { answered, api } from '../../api/client.js';
import { operatorQuery } from '../../api/queries.js';
import { Button } from '../../ui/button.js';
import { CodeBlock } from '../../ui/code-block.js';
import { Dialog } from '../../ui/dialog.js';
import { TextField } from '../../ui/field.js';
import { Loaded } from '../../ui/loaded.js';
import { Badge, Card, Page } from '../../ui/page.js';
import { Table } from '../../ui/paged-table.js';
import { PasswordAgain } from '../../ui/password-again.js';
import { Moment } from '../../ui/time.js';
import { staffQuery } from './operator-queries.js';

interface Added {
  readonly email: string;
  readonly initialPassword: string;
}

export function StaffPage() {
  const client = useQueryClient();
  const query = useQuery(staffQuery);
  const me = useQuery(operatorQuery).data;
  const [isAdding, setAdding] = useState(false);
  const [added, setAdded] = useState<Added | null>(null);
  const [leaving, setLeaving] = useState<{ id: string; email: string } | null>(null);
  const again = () => client.invalidateQueries({ queryKey: staffQuery.queryKey });
  const remove = async (operator: string, password: string) => {
    await answered(
      api.POST('/v1/operator/operators/{operator}/remove', {
        params: { path: { operator } },
        body: { password },
      }),
    );
    await again();
  };
  return (
    <Page
      title="Operators"
      lead="Who runs this service. Each of them sees every tenant, and what they do is in the log."
      actions={
        <Button kind="main" onClick={() => setAdding(true)}>
          Add an operator
        </Button>
      }
    >
      <Card>
        <Loaded query={query}>
          {({ data }) => (
            <Table
              caption="Operators"
              items={data}
              keyOf={({ id }) => id}
              columns={[
                {
                  head: 'E-mail',
                  cell: ({ id, email }) => (
                    <div className="stack-small">
                      <span>
                        {email} {id === me?.id && <span className="soft">(you)</span>}
                      </span>
                      <code className="small">{id}</code>
                    </div>
                  ),
                },
                {
                  head: 'Two-step sign-in',
                  cell: ({ twoStep }) => (
                    <Badge tone={twoStep ? 'good' : 'warn'}>{twoStep ? 'on' : 'off'}</Badge>
                  ),
                },
                { head: 'Since', cell: ({ createdAt }) => <Moment at={createdAt} day /> },
                {
                  head: 'Actions',
                  cell: ({ id, email }) =>
                    id !== me?.id && (
                      <Button
                        kind="danger"
                        size="small"
                        aria-label={`Remove ${email}`}
                        onClick={() => setLeaving({ id, email })}
                      >
                        Remove
                      </Button>
                    ),
                },
              ]}
            />
          )}
        </Loaded>
      </Card>
      {isAdding && (
        <AddDialog
          onClose={() => setAdding(false)}
          onAdded={async (one) => {
            setAdded(one);
            await again();
          }}
        />
      )}
      {added && (
        <Dialog title={`${added.email} is an operator now`} open onClose={() => setAdded(null)}>
          <p>
            Give them this password to begin with; it is shown this once. They change it under
            Account, and turn two-step sign-in on there.
          </p>
          <CodeBlock text={added.initialPassword} label="initial password" />
          <div className="dialog-actions">
            <Button kind="main" onClick={() => setAdded(null)}>
              Done
            </Button>
          </div>
        </Dialog>
      )}
      {leaving && (
        <PasswordAgain
          title={`Remove ${leaving.email}?`}
          description="They are signed out at once and can sign in no more. What they did stays in the log."
          action="Remove"
          onClose={() => setLeaving(null)}
          onSubmit={(password) => remove(leaving.id, password)}
        />
      )}
    </Page>
  );
}

interface AddProps {
  readonly onClose: () => void;
  readonly onAdded: (added: Added) => Promise<unknown>;
}

function AddDialog({ onClose, onAdded }: AddProps) {
  const [email, setEmail] = useState('');
  return (
    <PasswordAgain
      title="Add an operator"
      description="Whoever it is will see every tenant."
      action="Add"
      onClose={onClose}
      onSubmit={async (password) =>
        onAdded(await answered(api.POST('/v1/operator/operators', { body: { email, password } })))
      }
    >
      <TextField
        label="E-mail"
        type="email"
        required
        value={email}
        onChange={(event) => setEmail(event.target.value)}
      />
    </PasswordAgain>
  );
}
