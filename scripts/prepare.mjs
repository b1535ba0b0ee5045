/**
 * Runs before start, dev, test, check and bench. It needs nothing but Node >= 18 and npm, so that a
 * fresh clone works: installs when the lock file and node_modules differ, then builds what is stale.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const bin = join(root, 'node_modules', '.bin');
const force = process.argv.includes('--force');
/** Installs whatever is there, and builds everything. */
const clean = process.argv.includes('--clean');

const installed = join(root, 'node_modules', '.holdline-installed');
const lockHash = digest(['package-lock.json', 'package.json', 'libs/sdk/package.json']);
if (clean || !existsSync(installed) || readFileSync(installed, 'utf8') !== lockHash) {
  run('Installing packages (npm ci; a few minutes on a slow line)', npm(), [
    'ci',
    // Warnings about other people's packages are nothing that a newcomer can act on.
    '--loglevel=error',
  ]);
  writeFileSync(installed, lockHash);
}

const stampFile = join(root, 'dist', '.stamps.json');
const stamps = existsSync(stampFile) ? JSON.parse(readFileSync(stampFile, 'utf8')) : {};

step('database client', ['prisma/schema.prisma', 'prisma.config.ts', 'package-lock.json'], {
  made: 'libs/database/src/generated/client.ts',
  // Generating needs no schema engine, but the CLI insists on finding one: any executable will do.
  build: () =>
    run('Generating the database client', join(bin, 'prisma'), ['generate'], {
      PRISMA_SCHEMA_ENGINE_BINARY: process.execPath,
      PRISMA_HIDE_UPDATE_MESSAGE: '1',
    }),
});
step('servers', ['apps', 'libs', '.swcrc', 'nest-cli.json', 'package-lock.json'], {
  made: 'dist/apps/holdline/src/main.js',
  build: () => {
    rmSync(join(root, 'dist', 'apps'), { recursive: true, force: true });
    rmSync(join(root, 'dist', 'libs'), { recursive: true, force: true });
    run('Building the servers', join(bin, 'nest'), ['build']);
  },
});
step(
  'browser files',
  [
    'libs/sdk',
    'libs/contracts',
    'apps/delivery/src/pages',
    'scripts/build-sdk.mjs',
    'package-lock.json',
  ],
  {
    made: 'dist/sdk/holdline.js',
    build: () => run('Building the SDK', process.execPath, ['scripts/build-sdk.mjs']),
  },
);
step(
  'dashboard',
  [
    'apps/dashboard',
    'libs/contracts',
    'libs/sdk',
    'scripts/build-dashboard.mjs',
    'package-lock.json',
  ],
  {
    made: 'dist/dashboard/index.html',
    build: () => run('Building the dashboard', process.execPath, ['scripts/build-dashboard.mjs']),
  },
);

/** Builds one part when the bytes it is made from are not those it was last made from. */
function step(name, sources, { made, build }) {
  const hash = digest(sources);
  if (!force && !clean && stamps[name] === hash && existsSync(join(root, made))) return;
  build();
  stamps[name] = hash;
  mkdirSync(join(root, 'dist'), { recursive: true });
  writeFileSync(stampFile, JSON.stringify(stamps, null, 2));
}

function digest(paths) {
  const hash = createHash('sha256');
  for (const path of paths)
    for (const file of files(path)) hash.update(file).update(readFileSync(join(root, file)));
  return hash.digest('hex');
}

function files(path) {
  const full = join(root, path);
  if (!existsSync(full)) return [];
  try {
    return readdirSync(full, { withFileTypes: true })
      .filter((entry) => entry.name !== 'generated' && entry.name !== 'node_modules')
      .map((entry) => entry.name)
      .sort()
      .flatMap((name) => files(`${path}/${name}`));
  } catch (error) {
    if (error.code === 'ENOTDIR') return [path];
    throw error;
  }
}

function npm() {
  return process.platform === 'win32' ? 'npm.cmd' : 'npm';
}

function run(title, command, args, env = {}) {
  const started = Date.now();
  process.stderr.write(`holdline: ${title} ...\n`);
  const result = spawnSync(command, args, {
    cwd: root,
    stdio: ['ignore', 2, 2],
    env: { ...process.env, ...env, PATH: `${bin}${delimiter}${process.env.PATH}` },
  });
  if (result.error || result.status !== 0) {
    const why = result.error?.message ?? `exit code ${result.status}`;
    process.stderr.write(`holdline: ${title} failed (${why}). What went wrong stands above.\n`);
    process.exit(1);
  }
  process.stderr.write(`holdline: done in ${((Date.now() - started) / 1000).toFixed(1)} s\n`);
}
