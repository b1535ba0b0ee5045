import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { ROLES, type Role } from '../../../../../libs/contracts/src/roles.js';
import { ApiProblem, answered, api } from '../../api/client.js';
import { membersQuery } from '../../api/queries.js';
import { useMay, useMe } from '../../api/use-me.js';
import { Button } from '../../ui/button.js';
import { CodeBlock } from '../../ui/code-block.js';
import { Confirm } from '../../ui/confirm.js';
import { Dialog } from '../../ui/dialog.js';
import { SelectField, TextField } from '../../ui/field.js';
import { Empty, Page } from '../../ui/page.js';
import { PagedTable } from '../../ui/paged-table.js';
import { ProblemNote } from '../../ui/problem-note.js';
import { Moment } from '../../ui/time.js';

const MAY = {
  owner: 'owner: everything',
  developer: 'developer: apps, keys, namespaces, webhooks',
  billing: 'billing: plan, budgets, payment',
  viewer: 'viewer: looks, changes nothing',
} as const satisfies Record<Role, string>;
const OPTIONS = ROLES.map((value) => ({ value, text: MAY[value] }));

export function MembersPage() {
  const query = useInfiniteQuery(membersQuery);
  const client = useQueryClient();
  const mayOwn = useMay('own');
  const { user } = useMe();
  const [isOpen, setOpen] = useState(false);
  const [problem, setProblem] = useState<unknown>(null);
  const again = () => client.invalidateQueries({ queryKey: ['members'] });
  const change = async (member: string, role: Role) => {
    setProblem(null);
    try {
      await answered(
        api.PATCH('/v1/members/{member}', { params: { path: { member } }, body: { role } }),
      );
    } catch (error) {
      setProblem(error);
    }
    await Promise.all([again(), client.invalidateQueries({ queryKey: ['me'] })]);
  };
  const remove = async (member: string) => {
    await answered(api.DELETE('/v1/members/{member}', { params: { path: { member } } }));
    await again();
  };
  return (
    <Page
      title="Members"
      lead="Who may look and who may change. An owner can do everything; the last one stays."
      actions={
        mayOwn && (
          <Button kind="main" onClick={() => setOpen(true)}>
            Add a member
          </Button>
        )
      }
    >
      <ProblemNote problem={problem} />
      <PagedTable
        caption="Members"
        query={query}
        keyOf={({ id }) => id}
        empty={<Empty title="No member">Add one by e-mail address.</Empty>}
        columns={[
          {
            head: 'E-mail',
            cell: ({ id, email }) => (
              <>
                {email} {id === user?.id && <span className="soft">(you)</span>}
              </>
            ),
          },
          {
            head: 'Role',
            cell: ({ id, email, role }) =>
              mayOwn ? (
                <select
                  className="input"
                  aria-label={`Role of ${email}`}
                  value={role}
                  onChange={(event) => void change(id, event.target.value as Role)}
                >
                  {OPTIONS.map(({ value, text }) => (
                    <option key={value} value={value}>
                      {text}
                    </option>
                  ))}
                </select>
              ) : (
                MAY[role]
              ),
          },
          { head: 'Since', cell: ({ createdAt }) => <Moment at={createdAt} day /> },
          {
            head: 'Actions',
            cell: ({ id, email }) =>
              mayOwn && (
                <Confirm
                  action="Remove"
                  size="small"
                  label={`Remove ${email}`}
                  title={`Remove ${email}?`}
                  onConfirm={() => remove(id)}
                >
                  They can no longer see or change anything of this tenant. Keys that they made go
                  on working.
                </Confirm>
              ),
          },
        ]}
      />
      {isOpen && <AddDialog onClose={() => setOpen(false)} onAdded={again} />}
    </Page>
  );
}

interface AddProps {
  readonly onClose: () => void;
  readonly onAdded: () => Promise<unknown>;
}

function AddDialog({ onClose, onAdded }: AddProps) {
  const [email, setEmail] = useState('');
  const [role, setRole] = useState<Role>('developer');
  const add = useMutation({
    mutationFn: () => answered(api.POST('/v1/members', { body: { email, role } })),
    onSuccess: onAdded,
  });
  if (add.data) {
    const { initialPassword } = add.data;
    return (
      <Dialog title={`${add.data.email} is a member now`} open onClose={onClose}>
        {initialPassword === null ? (
          <p>They sign in with the password that they have.</p>
        ) : (
          <>
            <p>They are new here. Give them this password to begin with; it is shown this once.</p>
            <CodeBlock text={initialPassword} label="initial password" />
          </>
        )}
        <div className="dialog-actions">
          <Button kind="main" onClick={onClose}>
            Done
          </Button>
        </div>
      </Dialog>
    );
  }
  const submit = (event: FormEvent) => {
    event.preventDefault();
    add.mutate();
  };
  const problem = add.error instanceof ApiProblem ? add.error : null;
  return (
    <Dialog title="Add a member" open onClose={onClose}>
      <form className="form" onSubmit={submit}>
        <TextField
          label="E-mail"
          type="email"
          required
          value={email}
          fault={problem?.faultAt('/email')}
          onChange={(event) => setEmail(event.target.value)}
        />
        <SelectField
          label="Role"
          value={role}
          options={OPTIONS}
          onChange={(event) => setRole(event.target.value as Role)}
        />
        <ProblemNote problem={add.error} />
        <div className="dialog-actions">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" kind="main" busy={add.isPending}>
            Add
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
