import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { answered, api } from '../../api/client.js';
import { accountQuery } from '../../api/queries.js';
import { Button } from '../../ui/button.js';
import { Loaded } from '../../ui/loaded.js';
import { Badge, Card, Page } from '../../ui/page.js';
import { Table } from '../../ui/paged-table.js';
import { Moment } from '../../ui/time.js';
import { IdentitiesCard } from './identities-card.js';
import { PasskeysCard } from './passkeys-card.js';
import { PasswordDialog } from './password-dialog.js';
import { TwoStepCard, type TwoStepCalls } from './two-step-card.js';
import { whichBrowser } from './which-browser.js';

const TWO_STEP: TwoStepCalls = {
  begin: (password) => answered(api.POST('/v1/account/two-step', { body: { password } })),
  confirm: async (code) =>
    (await answered(api.POST('/v1/account/two-step/confirm', { body: { code } }))).recoveryCodes,
  renew: async (password) =>
    (await answered(api.POST('/v1/account/two-step/recovery-codes', { body: { password } })))
      .recoveryCodes,
  end: (password) => answered(api.POST('/v1/account/two-step/off', { body: { password } })),
};

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
              {hasPassword && <TwoStepCard calls={TWO_STEP} twoStep={twoStep} onChange={again} />}
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
                change={(body) => answered(api.PUT('/v1/account/password', { body }))}
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
