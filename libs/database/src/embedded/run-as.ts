import { spawnSync } from 'node:child_process';
import { chownSync } from 'node:fs';
import { dirname } from 'node:path';
import { delimiter } from 'node:path';
import { EmbeddedPostgresError } from './fault.js';
import type { Log } from '../log.js';

/** How PostgreSQL's programs are started: who they run as, and what is put before their command line. */
export interface RunAs {
  /** Null: as we ourselves. */
  readonly user: { readonly name: string; readonly uid: number; readonly gid: number } | null;
  /** Put before the program; it replaces itself by the program, so that the process id stays. */
  readonly prefix: readonly string[];
}

/** The user that PostgreSQL runs as when we are root, which it refuses to run as. */
const USER = 'postgres';

/**
 * Rights to pass through directories that are closed to the user (a clone under root's home, a data
 * directory with mode 0700). Reading is enough; some containers grant only the wider one.
 */
const PASSES = ['+dac_read_search', '+dac_override'];

/** initdb asks the system whether it may run `postgres`, and would be told as if it had none of those rights. */
const ASKS = ['--securebits', '+no_setuid_fixup'];

/** useradd and setpriv may stand outside the PATH of a service. */
const ENV = {
  ...process.env,
  PATH: [process.env['PATH'], '/usr/sbin', '/sbin', '/usr/bin', '/bin']
    .filter(Boolean)
    .join(delimiter),
};

/**
 * Finds a way in which PostgreSQL can run here and enter `home`, and proves it by a try.
 * As root this may create the user `postgres`, and makes it the owner of `home`.
 * @throws EmbeddedPostgresError when there is none.
 */
export function findRunAs(program: string, home: string, log: Log): RunAs {
  // Linux ends PostgreSQL with us, in good order, even if we are killed.
  const diesWithUs = works(['setpriv', '--pdeathsig', 'INT', 'true'], null)
    ? ['--pdeathsig', 'INT']
    : [];
  if (process.getuid?.() !== 0) {
    return { user: null, prefix: diesWithUs.length ? ['setpriv', ...diesWithUs] : [] };
  }
  const user = findUser() ?? createUser(log);
  chownSync(home, user.uid, user.gid);
  const become = [
    'setpriv',
    '--reuid',
    String(user.uid),
    '--regid',
    String(user.gid),
    '--clear-groups',
    ...diesWithUs,
  ];
  const ways = [
    become,
    ...PASSES.flatMap((right) => {
      const rights = [`--inh-caps=${right}`, `--ambient-caps=${right}`];
      return [
        [...become, ...ASKS, ...rights],
        [...become, ...rights],
      ];
    }),
  ];
  const probe = ['sh', '-c', 'cd "$1" && exec "$2" --version', 'sh', home, program];
  for (const prefix of ways) if (works([...prefix, ...probe], null)) return { user, prefix };
  // Without setpriv (it is part of util-linux) the plain way is left.
  if (works(probe, user)) return { user, prefix: [] };
  throw new EmbeddedPostgresError(
    `PostgreSQL refuses to run as root, and the user ${USER} can enter neither ${home} nor ${dirname(program)}. ` +
      `Run Holdline as an ordinary user, or set HOLDLINE_DATA_DIR to a directory that ${USER} can enter and install Holdline in one too, ` +
      'or install setpriv (util-linux), or set DATABASE_URL to a PostgreSQL of your own.',
  );
}

function findUser(): RunAs['user'] {
  const uid = number(['id', '-u', USER]);
  const gid = number(['id', '-g', USER]);
  return uid === null || gid === null ? null : { name: USER, uid, gid };
}

function createUser(log: Log): NonNullable<RunAs['user']> {
  log.info(`PostgreSQL refuses to run as root: creating the system user ${USER} for it.`);
  const made =
    works(
      [
        'useradd',
        '--system',
        '--user-group',
        '--no-create-home',
        '--shell',
        '/usr/sbin/nologin',
        USER,
      ],
      null,
    ) ||
    // Alpine
    works(
      ['sh', '-c', `addgroup -S ${USER} && adduser -S -D -H -s /sbin/nologin -G ${USER} ${USER}`],
      null,
    );
  const user = findUser();
  if (made && user) return user;
  throw new EmbeddedPostgresError(
    `PostgreSQL refuses to run as root, and the system user ${USER} could not be created. Create it (useradd --system ${USER}), run Holdline as an ordinary user, or set DATABASE_URL to a PostgreSQL of your own.`,
  );
}

function works(command: readonly string[], user: RunAs['user']): boolean {
  const [program = '', ...args] = command;
  // From the root directory: ours may be closed to the user.
  const options = {
    stdio: 'ignore' as const,
    cwd: '/',
    env: ENV,
    ...(user ? { uid: user.uid, gid: user.gid } : {}),
  };
  return spawnSync(program, args, options).status === 0;
}

function number([program = '', ...args]: readonly string[]): number | null {
  const { status, stdout } = spawnSync(program, args, { encoding: 'utf8', env: ENV });
  return status === 0 && /^\d+\s*$/.test(stdout) ? Number(stdout) : null;
}
