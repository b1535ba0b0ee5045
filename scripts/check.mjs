/** Everything that is checked without running the product: format, lint, types, dependency rules, dead code. */
import { spawnSync } from 'node:child_process';

const CHECKS = [
  ['format', 'prettier', ['--check', '--log-level', 'warn', '.']],
  ['lint', 'eslint', ['--max-warnings', '0', '.']],
  ['types', 'tsc', ['-p', 'tsconfig.json']],
  ['types of the SDK', 'tsc', ['-p', 'libs/sdk/tsconfig.json']],
  ['types of the dashboard', 'tsc', ['-p', 'apps/dashboard/tsconfig.json']],
  [
    'dependency rules',
    'depcruise',
    ['apps', 'libs', 'test', '--config', '.dependency-cruiser.cjs'],
  ],
  ['dead code', 'knip', ['--no-config-hints']],
];

let failed = 0;
for (const [title, command, args] of CHECKS) {
  const started = Date.now();
  process.stdout.write(`check: ${title} ... `);
  const { status, stdout, stderr, error } = spawnSync(`node_modules/.bin/${command}`, args, {
    encoding: 'utf8',
  });
  const seconds = ((Date.now() - started) / 1000).toFixed(1);
  if (!error && status === 0) {
    process.stdout.write(`ok (${seconds} s)\n`);
    continue;
  }
  failed++;
  process.stdout.write(`FAILED (${seconds} s)\n${error?.message ?? ''}${stdout}${stderr}\n`);
}
process.stdout.write(
  failed === 0
    ? 'check: all passed\n'
    : `check: ${failed} of ${CHECKS.length} failed; what is wrong stands above. npm run format mends the format.\n`,
);
process.exit(failed === 0 ? 0 : 1);
