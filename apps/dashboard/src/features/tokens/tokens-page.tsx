import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { answered, api } from '../../api/client.js';
import { PAGE, pagedQuery } from '../../api/paged.js';
import { useMay } from '../../api/use-me.js';
import { Button } from '../../ui/button.js';
import { CodeBlock } from '../../ui/code-block.js';
import { SelectField, TextField } from '../../ui/field.js';
import { FormDialog } from '../../ui/form-dialog.js';
import { Card, Empty, Page } from '../../ui/page.js';
import { PagedTable } from '../../ui/paged-table.js';
import { Moment } from '../../ui/time.js';

const revocationsQuery = (app: string) =>
  pagedQuery(
    ['apps', app, 'revocations'],
    (after) =>
      answered(
        api.GET('/v1/apps/{app}/revocations', {
          params: { path: { app }, query: { limit: PAGE, ...(after && { after }) } },
        }),
      ),
    ({ id }) => id,
  );

/** Your server makes tokens with a key; here they are refused before they end. */
export function TokensPage() {
  const { app } = useParams({ from: '/shell/apps/$app/tokens' });
  const query = useInfiniteQuery(revocationsQuery(app));
  const mayDevelop = useMay('develop');
  const [isOpen, setOpen] = useState(false);
  return (
    <Page
      title="Tokens"
      lead="A browser or device receives and publishes with a token that your server makes for it. What is refused here is refused everywhere within a second, held requests too."
      actions={
        mayDevelop && (
          <Button kind="main" onClick={() => setOpen(true)}>
            Refuse tokens
          </Button>
        )
      }
    >
      <Card title="Make one, on your server">
        <CodeBlock
          label="how to make a token"
          text={`curl -H "Authorization: Bearer $HOLDLINE_KEY" -H 'Content-Type: application/json' \\
  -d '{"clientId": "anna", "ttl": 3600, "capabilities": {"room:*": ["subscribe"]}}' \\
  https://…/v1/tokens`}
        />
        <p className="small soft">
          Its rights are those of the key, narrowed by what is asked for. Whether a token may do
          something is tried out under Keys.
        </p>
      </Card>
      <PagedTable
        caption="Refused tokens"
        query={query}
        keyOf={({ id }) => id}
        empty={
          <Empty title="No token is refused">
            When a client has to go, or a token got into wrong hands, refuse it here; keys are
            revoked under Keys.
          </Empty>
        }
        columns={[
          {
            head: 'Refused',
            cell: ({ clientId, tokenId }) => (
              <div className="stack-small">
                <strong>{clientId ?? tokenId}</strong>
                <span className="small soft">
                  {clientId === null ? 'this token' : 'all tokens of this client'}
                </span>
              </div>
            ),
          },
          { head: 'Issued before', cell: ({ issuedBefore }) => <Moment at={issuedBefore} /> },
          { head: 'Needed until', cell: ({ expiresAt }) => <Moment at={expiresAt} /> },
        ]}
      />
      {isOpen && <RefuseDialog app={app} onClose={() => setOpen(false)} />}
    </Page>
  );
}

function RefuseDialog({ app, onClose }: { readonly app: string; readonly onClose: () => void }) {
  const client = useQueryClient();
  const [of, setOf] = useState<'clientId' | 'tokenId'>('clientId');
  const [id, setId] = useState('');
  const refuse = async () => {
    await answered(
      api.POST('/v1/apps/{app}/revocations', {
        params: { path: { app } },
        body: of === 'clientId' ? { clientId: id } : { tokenId: id },
      }),
    );
    await client.invalidateQueries({ queryKey: ['apps', app, 'revocations'] });
  };
  return (
    <FormDialog
      title="Refuse tokens"
      description="At once and for good. A client’s tokens that are issued later are good again: let your server stop making them first."
      action="Refuse"
      onClose={onClose}
      onSubmit={refuse}
    >
      {(faultAt) => (
        <>
          <SelectField
            label="Which"
            value={of}
            options={[
              { value: 'clientId', text: 'All tokens of a client' },
              { value: 'tokenId', text: 'One token' },
            ]}
            onChange={(event) => setOf(event.target.value as 'clientId' | 'tokenId')}
          />
          <TextField
            label={of === 'clientId' ? 'Client id' : 'Token id'}
            hint={of === 'clientId' ? 'As your server names it.' : 'The jti in the token.'}
            required
            maxLength={128}
            value={id}
            fault={faultAt(`/${of}`)}
            onChange={(event) => setId(event.target.value)}
          />
        </>
      )}
    </FormDialog>
  );
}
