import { useState } from 'react';
import { ApiProblem, answered, api } from '../../api/client.js';
import type { paths } from '../../api/generated/control-plane.js';
import { Button } from '../../ui/button.js';
import { TextField } from '../../ui/field.js';
import { Card, Empty } from '../../ui/page.js';
import { Table } from '../../ui/paged-table.js';
import { Moment } from '../../ui/time.js';
import { PasswordAgain } from '../../ui/password-again.js';

type Passkey =
  paths['/v1/account']['get']['responses'][200]['content']['application/json']['passkeys'][number];

interface Props {
  readonly passkeys: readonly Passkey[];
  readonly onChange: () => Promise<unknown>;
}

export function PasskeysCard({ passkeys, onChange }: Props) {
  const [isAdding, setAdding] = useState(false);
  const [name, setName] = useState('');
  const [removed, setRemoved] = useState<Passkey | null>(null);
  const add = async (password: string) => {
    await addPasskey(name, password);
    await onChange();
  };
  const remove = async (password: string) => {
    await answered(
      api.POST('/v1/account/passkeys/{passkey}/remove', {
        params: { path: { passkey: removed?.id ?? '' } },
        body: { password },
      }),
    );
    await onChange();
  };
  return (
    <Card
      title="Passkeys"
      actions={
        <Button size="small" onClick={() => setAdding(true)}>
          Add a passkey
        </Button>
      }
    >
      {passkeys.length === 0 ? (
        <Empty title="No passkey yet">
          With one you sign in by finger, face or PIN of this device, without a password or code.
        </Empty>
      ) : (
        <Table
          caption="Passkeys"
          items={passkeys}
          keyOf={({ id }) => id}
          columns={[
            { head: 'Name', cell: (passkey) => <strong>{passkey.name}</strong> },
            { head: 'Added', cell: ({ createdAt }) => <Moment at={createdAt} day /> },
            { head: 'Last used', cell: ({ lastUsedAt }) => <Moment at={lastUsedAt} /> },
            {
              head: 'Actions',
              cell: (passkey) => (
                <Button
                  size="small"
                  kind="danger"
                  aria-label={`Remove ${passkey.name}`}
                  onClick={() => setRemoved(passkey)}
                >
                  Remove
                </Button>
              ),
            },
          ]}
        />
      )}
      {isAdding && (
        <PasswordAgain
          title="Add a passkey"
          description="Your browser asks where to keep it: on this device, or on a security key."
          action="Add it"
          onClose={() => setAdding(false)}
          onSubmit={add}
        >
          <TextField
            label="Name"
            hint="To tell passkeys apart, such as the device."
            required
            maxLength={100}
            value={name}
            onChange={(event) => setName(event.target.value)}
          />
        </PasswordAgain>
      )}
      {removed && (
        <PasswordAgain
          title={`Remove ${removed.name}?`}
          description="It signs in no more. Delete it on the device too, or it will be offered there."
          action="Remove it"
          onClose={() => setRemoved(null)}
          onSubmit={remove}
        />
      )}
    </Card>
  );
}

/** @throws ApiProblem */
async function addPasskey(name: string, password: string): Promise<void> {
  const optionsJSON = await answered(
    api.POST('/v1/account/passkeys/options', { body: { password } }),
  );
  // Few add one: it is loaded for them alone.
  const { startRegistration } = await import('@simplewebauthn/browser');
  type Options = Parameters<typeof startRegistration>[0]['optionsJSON'];
  let credential: unknown;
  try {
    credential = await startRegistration({ optionsJSON: optionsJSON as unknown as Options });
  } catch {
    throw new ApiProblem(
      0,
      'passkey',
      'No passkey was made',
      'The browser made none: it was cancelled, the device has one already, or the page was not reached over TLS (http://localhost counts too).',
    );
  }
  await answered(
    api.POST('/v1/account/passkeys', {
      body: { name, credential: credential as Record<string, unknown> },
    }),
  );
}
