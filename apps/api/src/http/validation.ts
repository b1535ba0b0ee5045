import {
  Injectable,
  StandardSchemaValidationPipe,
  type ArgumentMetadata,
  type PipeTransform,
} from '@nestjs/common';
import { Problem } from '#contracts';

type Issue = { readonly message: string; readonly path?: readonly unknown[] | undefined };

/** More faults than anybody reads would only make the refusal larger than the request. */
const SHOWN = 20;

/** Checks bodies and queries against their zod schemas; the refusal lists each fault with a JSON pointer. */
export function validationPipe(): StandardSchemaValidationPipe {
  return new StandardSchemaValidationPipe({
    exceptionFactory: (issues) => explain(issues),
  });
}

function explain(issues: readonly Issue[]): Problem {
  const errors = issues
    .slice(0, SHOWN)
    .map((issue) => ({ pointer: pointer(issue.path ?? []), message: issue.message }));
  const [first] = errors;
  const where = first && first.pointer !== '' ? `\`${first.pointer}\`` : 'The body or query';
  const more = issues.length > 1 ? ` (and ${issues.length - 1} more in \`errors\`)` : '';
  return new Problem(
    'invalid_request',
    `${where}: ${first?.message ?? 'is not valid'}${more}. Correct it and send it again.`,
    {
      errors,
    },
  );
}

/** RFC 6901. */
function pointer(path: readonly unknown[]): string {
  return path
    .map((segment) =>
      typeof segment === 'object' && segment !== null && 'key' in segment ? segment.key : segment,
    )
    .map((segment) => `/${String(segment).replace(/~/g, '~0').replace(/\//g, '~1')}`)
    .join('');
}

/**
 * An id in a path. One that cannot be an id is answered as one that does not exist; PostgreSQL, which
 * takes no NUL in a text, never sees it.
 */
@Injectable()
export class IdPipe implements PipeTransform<string, string> {
  transform(value: string, metadata: ArgumentMetadata): string {
    if (!/^[0-9A-Za-z_]{1,64}$/.test(value)) throw missing(metadata.data ?? 'thing');
    return value;
  }
}

/** The one refusal for what does not exist and for what belongs to another tenant: the same bytes. */
export function missing(what: string): Problem {
  return new Problem(
    'not_found',
    `There is no such ${what}. Check the id; list what there is to find it.`,
  );
}
