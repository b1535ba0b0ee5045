import { useQuery } from '@tanstack/react-query';
import { useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { answered, api } from '../../api/client.js';
import { loginOptionsQuery } from '../../api/queries.js';
import { Button } from '../../ui/button.js';
import { Card } from '../../ui/page.js';
import { Moment } from '../../ui/time.js';
import { PasswordAgain } from '../../ui/password-again.js';

interface Props {
  readonly identities: readonly { readonly issuer: string; readonly createdAt: string }[];
  /** Whether there is another way in: without one, the only one stays. */
  readonly hasPassword: boolean;
  readonly onChange: () => Promise<unknown>;
}

/** Whose own sign-in signs in here too; nothing where none is set up. */
export function IdentitiesCard({ identities, hasPassword, onChange }: Props) {
  const { problem } = useSearch({ from: '/shell/account' });
  const provider = useQuery(loginOptionsQuery).data?.oidc;
  const [isLinking, setLinking] = useState(false);
  const [unlinked, setUnlinked] = useState<string | null>(null);
  if (!provider && identities.length === 0) return null;
  const link = async (password: string) => {
    const { url } = await answered(api.POST('/v1/account/identities/link', { body: { password } }));
    window.location.assign(url);
  };
  const unlink = async (password: string) => {
    const body = { password, issuer: unlinked ?? '' };
    await answered(api.POST('/v1/account/identities/unlink', { body }));
    await onChange();
  };
  return (
    <Card
      title="Sign-in of your organisation"
      actions={
        provider &&
        hasPassword &&
        identities.length === 0 && (
          <Button size="small" onClick={() => setLinking(true)}>
            Link {provider.name}
          </Button>
        )
      }
    >
      {problem !== undefined && identities.length === 0 && (
        <div className="note" data-tone="bad" role="alert">
          {problem === 'conflict'
            ? 'Not linked: that identity signs in to another account here already.'
            : 'Not linked: it was cancelled, took too long, or your session ended meanwhile. Begin anew.'}
        </div>
      )}
      {identities.length === 0 ? (
        <p className="soft">Link it, and you sign in there instead of typing a password here.</p>
      ) : (
        identities.map(({ issuer, createdAt }) => (
          <div className="row" key={issuer}>
            <p>
              <strong>{issuer}</strong>{' '}
              <span className="soft">
                since <Moment at={createdAt} day />
              </span>
            </p>
            {hasPassword && (
              <Button
                size="small"
                kind="danger"
                aria-label={`Unlink ${issuer}`}
                onClick={() => setUnlinked(issuer)}
              >
                Unlink
              </Button>
            )}
          </div>
        ))
      )}
      {isLinking && provider && (
        <PasswordAgain
          title={`Link ${provider.name}`}
          description="Whoever signs in there as you signs in here too, without password and code. You go there to say who you are."
          action="Go there"
          onClose={() => setLinking(false)}
          onSubmit={link}
        />
      )}
      {unlinked !== null && (
        <PasswordAgain
          title="Unlink it?"
          description={`${unlinked} signs you in no more. Your password and passkeys do.`}
          action="Unlink it"
          onClose={() => setUnlinked(null)}
          onSubmit={unlink}
        />
      )}
    </Card>
  );
}
