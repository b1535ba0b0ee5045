import { useState } from 'react';
import type { paths } from '../../api/generated/control-plane.js';
import { Button } from '../../ui/button.js';
import { CodeBlock } from '../../ui/code-block.js';
import { Dialog } from '../../ui/dialog.js';
import { Badge, Card } from '../../ui/page.js';
import { PasswordAgain } from '../../ui/password-again.js';
import { TwoStepSetup, type Secret } from './two-step-setup.js';

type Account = paths['/v1/account']['get']['responses'][200]['content']['application/json'];

/** How it is asked for: of a user's account or of an operator's. */
export interface TwoStepCalls {
  readonly begin: (password: string) => Promise<Secret>;
  /** Answers the recovery codes. */
  readonly confirm: (code: string) => Promise<readonly string[]>;
  readonly renew: (password: string) => Promise<readonly string[]>;
  readonly end: (password: string) => Promise<unknown>;
}

interface Props {
  readonly calls: TwoStepCalls;
  readonly twoStep: Account['twoStep'];
  readonly onChange: () => Promise<unknown>;
}

export function TwoStepCard({ calls, twoStep, onChange }: Props) {
  const [asked, setAsked] = useState<'on' | 'off' | 'codes' | null>(null);
  const [secret, setSecret] = useState<Secret | null>(null);
  const [codes, setCodes] = useState<readonly string[] | null>(null);
  const begin = async (password: string) => setSecret(await calls.begin(password));
  const end = async (password: string) => {
    await calls.end(password);
    await onChange();
  };
  const renew = async (password: string) => {
    setCodes(await calls.renew(password));
    await onChange();
  };
  return (
    <Card
      title={
        <>
          Two-step sign-in{' '}
          <Badge tone={twoStep.enabled ? 'good' : undefined}>
            {twoStep.enabled ? 'on' : 'off'}
          </Badge>
        </>
      }
      actions={
        <Button size="small" onClick={() => setAsked(twoStep.enabled ? 'off' : 'on')}>
          {twoStep.enabled ? 'Turn it off' : 'Turn it on'}
        </Button>
      }
    >
      <p className="soft">
        {twoStep.enabled
          ? `Signing in takes a code of your authenticator app too. ${twoStep.recoveryCodesLeft} of 10 recovery codes are left.`
          : 'With it, signing in takes a code of an authenticator app too: a stolen password alone is worth nothing.'}
      </p>
      {twoStep.enabled && (
        <div className="row">
          <Button size="small" onClick={() => setAsked('codes')}>
            New recovery codes
          </Button>
        </div>
      )}
      {asked === 'codes' && (
        <PasswordAgain
          title="Make new recovery codes"
          description="Those that you have are worth nothing from then on."
          action="Make them"
          onClose={() => setAsked(null)}
          onSubmit={renew}
        />
      )}
      {asked === 'on' && (
        <PasswordAgain
          title="Turn two-step sign-in on"
          description="First your password; then you scan a code with an authenticator app."
          action="Go on"
          onClose={() => setAsked(null)}
          onSubmit={begin}
        />
      )}
      {asked === 'off' && (
        <PasswordAgain
          title="Turn two-step sign-in off"
          description="The password alone signs in then, and the recovery codes are worth nothing."
          action="Turn it off"
          onClose={() => setAsked(null)}
          onSubmit={end}
        />
      )}
      {secret && (
        <TwoStepSetup
          secret={secret}
          confirm={calls.confirm}
          onClose={() => setSecret(null)}
          onDone={(made) => {
            setCodes(made);
            void onChange();
          }}
        />
      )}
      {codes && (
        <Dialog
          title="Your recovery codes"
          description="Two-step sign-in is on. Keep these codes where you keep passwords: each signs in once when the app is lost. They are shown this once."
          open
          onClose={() => setCodes(null)}
        >
          <CodeBlock text={codes.join('\n')} label="recovery codes" />
          <div className="dialog-actions">
            <Button kind="main" onClick={() => setCodes(null)}>
              I have kept them
            </Button>
          </div>
        </Dialog>
      )}
    </Card>
  );
}
