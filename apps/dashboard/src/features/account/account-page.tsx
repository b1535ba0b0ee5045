import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { answered, api } from '../../api/client.js';
import { accountQuery } from '../../api/queries.js';
import { Button } from '../../ui/button.js';
import { TextField } from '../../ui/field.js';
import { FormDialog } from '../../ui/form-dialog.js';
import { Loaded } from '../../ui/loaded.js';
import { Badge, Card, Page } from '../../ui/page.js';
import { Table } from '../../ui/paged-table.js';
import { Moment } from '../../ui/time.js';
import { IdentitiesCard } from './identities-card.js';
import { PasskeysCard } from './passkeys-card.js';
import { TwoStepCard } from './two-step-card.js';
import { whichBrowser } from './which-browser.js';

export function AccountPage() {
  const client = useQueryClient();
  const query = useQuery(accountQuery);
  const [isChanging, setChanging] = useState(false);
  const again = () => client.invalidateQueries({ queryKey: accountQuery.queryKey });
  const endOthers = async () => {
    await answered(api.POST('/v1/account/sessions/end'));
    await again();
  };
  return (
    <Page title="Account" lead="How you sign in. It is yours, whichever tenant you look at.">
      <Loaded query={query}>
        {({ email, hasPassword, twoStep, passkeys, identities, sessions }) => (
          <>
            <div className="grid-2">
              <Card
                title="Password"
                actions={
                  hasPassword && (
                    <Button size="small" onClick={() => setChanging(true)}>
                      Change it
                    </Button>
                  )
                }
              >
                <p>
                  You sign in as <strong>{email}</strong>.
                </p>
                <p className="soft">
                  {hasPassword
                    ? 'A new password ends all your other sessions.'
                    : 'There is no password here: your organisation’s sign-in is your way in, and a second step is a matter of its own.'}
                </p>
              </Card>
              {hasPassword && <TwoStepCard twoStep={twoStep} onChange={again} />}
            </div>
            <IdentitiesCard identities={identities} hasPassword={hasPassword} onChange={again} />
            {hasPassword && <PasskeysCard passkeys={passkeys} onChange={again} />}
            <Card
              title="Sessions"
              actions={
                sessions.length > 1 && (
                  <Button size="small" onClick={() => void endOthers()}>
                    End the others
                  </Button>
                )
              }
            >
              <Table
                caption="Sessions"
                items={sessions}
                keyOf={({ createdAt, lastSeenAt }) => `${createdAt} ${lastSeenAt}`}
                columns={[
                  {
                    head: 'Browser',
                    cell: ({ current, userAgent }) => (
                      <>
                        {whichBrowser(userAgent)} {current && <Badge tone="good">this one</Badge>}
                      </>
                    ),
                  },
                  { head: 'Address', cell: ({ ip }) => ip ?? 'unknown' },
                  { head: 'Signed in', cell: ({ createdAt }) => <Moment at={createdAt} /> },
                  { head: 'Last seen', cell: ({ lastSeenAt }) => <Moment at={lastSeenAt} /> },
                  { head: 'Ends', cell: ({ expiresAt }) => <Moment at={expiresAt} /> },
                ]}
              />
            </Card>
            {isChanging && (
              <PasswordDialog
                onClose={() => {
                  setChanging(false);
                  void again();
                }}
              />
            )}
          </>
        )}
      </Loaded>
    </Page>
  );
}

function PasswordDialog({ onClose }: { readonly onClose: () => void }) {
  const [password, setPassword] = useState('');
  const [newPassword, setNewPassword] = useState('');
  return (
    <FormDialog
      title="Change the password"
      action="Change it"
      onClose={onClose}
      onSubmit={() =>
        answered(api.PUT('/v1/account/password', { body: { password, newPassword } }))
      }
    >
      {(faultAt) => (
        <>
          <TextField
            label="Present password"
            type="password"
            autoComplete="current-password"
            required
            value={password}
            fault={faultAt('/password')}
            onChange={(event) => setPassword(event.target.value)}
          />
          <TextField
            label="New password"
            type="password"
            autoComplete="new-password"
            required
            minLength={10}
            hint="At least 10 characters."
            value={newPassword}
            fault={faultAt('/newPassword')}
            onChange={(event) => setNewPassword(event.target.value)}
          />
        </>
      )}
    </FormDialog>
  );
}
