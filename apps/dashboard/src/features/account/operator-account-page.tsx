import { queryOptions, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { answered, api } from '../../api/client.js';
import { Button } from '../../ui/button.js';
import { Loaded } from '../../ui/loaded.js';
import { Card, Page } from '../../ui/page.js';
import { PasswordDialog } from './password-dialog.js';
import { TwoStepCard, type TwoStepCalls } from './two-step-card.js';

const TWO_STEP: TwoStepCalls = {
  begin: (password) => answered(api.POST('/v1/operator/account/two-step', { body: { password } })),
  confirm: async (code) =>
    (await answered(api.POST('/v1/operator/account/two-step/confirm', { body: { code } })))
      .recoveryCodes,
  renew: async (password) =>
    (
      await answered(
        api.POST('/v1/operator/account/two-step/recovery-codes', { body: { password } }),
      )
    ).recoveryCodes,
  end: (password) =>
    answered(api.POST('/v1/operator/account/two-step/off', { body: { password } })),
};

const accountQuery = queryOptions({
  queryKey: ['operator', 'account'],
  queryFn: () => answered(api.GET('/v1/operator/account')),
});

export function OperatorAccountPage() {
  const client = useQueryClient();
  const query = useQuery(accountQuery);
  const [isChanging, setChanging] = useState(false);
  const again = () => client.invalidateQueries({ queryKey: accountQuery.queryKey });
  return (
    <Page
      title="Account"
      lead="How you sign in. An operator can look at every tenant: sign in with two steps."
    >
      <Loaded query={query}>
        {({ email, twoStep }) => (
          <div className="grid-2">
            <Card
              title="Password"
              actions={
                <Button size="small" onClick={() => setChanging(true)}>
                  Change it
                </Button>
              }
            >
              <p>
                You sign in as <strong>{email}</strong>.
              </p>
              <p className="soft">A new password ends all your other sessions.</p>
            </Card>
            <TwoStepCard calls={TWO_STEP} twoStep={twoStep} onChange={again} />
          </div>
        )}
      </Loaded>
      {isChanging && (
        <PasswordDialog
          change={(body) => answered(api.PUT('/v1/operator/account/password', { body }))}
          onClose={() => setChanging(false)}
        />
      )}
    </Page>
  );
}
