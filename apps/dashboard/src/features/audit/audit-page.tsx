import { useInfiniteQuery, useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { answered, api } from '../../api/client.js';
import { PAGE, pagedQuery } from '../../api/paged.js';
import { Button } from '../../ui/button.js';
import { TextField } from '../../ui/field.js';
import { Empty, Page } from '../../ui/page.js';
import { PagedTable } from '../../ui/paged-table.js';
import { ProblemNote } from '../../ui/problem-note.js';
import { Moment } from '../../ui/time.js';
import { Told } from '../../ui/told.js';

const auditQuery = (action: string) =>
  pagedQuery(
    ['audit', action],
    (after) =>
      answered(
        api.GET('/v1/audit', {
          params: {
            query: {
              limit: PAGE,
              ...(action && { action }),
              ...(after !== undefined && { after: Number(after) }),
            },
          },
        }),
      ),
    ({ seq }) => String(seq),
  );

export function AuditPage() {
  const [action, setAction] = useState('');
  const query = useInfiniteQuery(auditQuery(action.trim()));
  const verify = useMutation({ mutationFn: () => answered(api.GET('/v1/audit/verify')) });
  return (
    <Page
      title="Audit log"
      lead="Who did what to what. Each entry holds the hash of the one before it, so that nothing can be changed or taken out unseen."
      actions={
        <>
          <Button busy={verify.isPending} onClick={() => verify.mutate()}>
            Verify the chain
          </Button>
          <a className="button" href="/v1/audit/export?format=csv" download>
            Export as CSV
          </a>
        </>
      }
    >
      <ProblemNote problem={verify.error} />
      {verify.data && <Verified {...verify.data} />}
      <TextField
        label="Action"
        placeholder="key.created, or key.* for all of a thing"
        value={action}
        onChange={(event) => setAction(event.target.value)}
      />
      <PagedTable
        caption="Audit log"
        query={query}
        keyOf={({ seq }) => String(seq)}
        empty={
          <Empty title="No such entry">Everything that changes something is written here.</Empty>
        }
        columns={[
          { head: 'No.', numeric: true, cell: ({ seq }) => seq },
          { head: 'When', cell: ({ at }) => <Moment at={at} /> },
          {
            head: 'Who',
            cell: ({ actor, ip }) => (
              <div className="stack-small">
                <code>{actor}</code>
                {ip !== null && <span className="small soft">from {ip}</span>}
              </div>
            ),
          },
          {
            head: 'What',
            cell: ({ seq, action, target, before, after }) => (
              <Told label={`entry ${seq}`} {...{ action, target, before, after }} />
            ),
          },
        ]}
      />
    </Page>
  );
}

interface Verification {
  readonly intact: boolean;
  readonly entries: number;
  readonly head: { readonly seq: number; readonly hash: string } | null;
  readonly fault: { readonly seq: number; readonly reason: string } | null;
}

function Verified({ intact, entries, head, fault }: Verification) {
  return (
    <div className="note" data-tone={intact ? 'good' : 'bad'} role="status">
      <strong>
        {intact
          ? `All ${entries} entries fit together.`
          : `The chain breaks at entry ${fault?.seq}: ${fault?.reason}.`}
      </strong>
      {head && (
        <p className="small">
          Its end is <code>{head.hash}</code>. Keep that elsewhere: it stands for all of it.
        </p>
      )}
    </div>
  );
}
