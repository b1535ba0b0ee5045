import { useQuery } from '@tanstack/react-query';
import { useSearch } from '@tanstack/react-router';
import { loginOptionsQuery } from '../../api/queries.js';
import { Card } from '../../ui/page.js';
import { Moment } from '../../ui/time.js';

interface Props {
  readonly identities: readonly { readonly issuer: string; readonly createdAt: string }[];
}

/** Whose own sign-in signs in here too; nothing where none is set up. */
export function IdentitiesCard({ identities }: Props) {
  const { problem } = useSearch({ from: '/shell/account' });
  const provider = useQuery(loginOptionsQuery).data?.oidc;
  if (!provider && identities.length === 0) return null;
  return (
    <Card
      title="Sign-in of your organisation"
      actions={
        provider &&
        identities.length === 0 && (
          <a
            className="button"
            data-size="small"
            href={`/v1/login/oidc?link=true&back=${encodeURIComponent('/account')}`}
          >
            Link {provider.name}
          </a>
        )
      }
    >
      {problem !== undefined && (
        <div className="note" data-tone="bad" role="alert">
          {problem}
        </div>
      )}
      {identities.length === 0 ? (
        <p className="soft">Link it, and you sign in there instead of typing a password here.</p>
      ) : (
        identities.map(({ issuer, createdAt }) => (
          <p key={issuer}>
            <strong>{issuer}</strong>{' '}
            <span className="soft">
              since <Moment at={createdAt} day />
            </span>
          </p>
        ))
      )}
    </Card>
  );
}
