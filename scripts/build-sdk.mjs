/**
 * Builds what browsers load: the SDK as one script, as an ES module, as the package for Node, with its
 * types (dist/sdk), and the /try page (dist/pages). `--out <folder>` builds elsewhere than dist.
 */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const flag = process.argv.indexOf('--out');
const out = flag < 0 ? join(root, 'dist') : resolve(process.argv[flag + 1]);
const sdk = join(root, 'libs', 'sdk');
const made = join(out, 'sdk');
rmSync(made, { recursive: true, force: true });
mkdirSync(made, { recursive: true });

const common = {
  bundle: true,
  sourcemap: true,
  target: 'es2022',
  legalComments: 'none',
  logLevel: 'warning',
  // Paths in the source maps are relative to here, whatever machine builds them.
  absWorkingDir: root,
};
const source = (name) => join(sdk, 'src', name);
await Promise.all([
  build({
    ...common,
    entryPoints: [source('browser.ts')],
    outfile: join(made, 'holdline.js'),
    platform: 'browser',
    format: 'iife',
    minify: true,
  }),
  build({
    ...common,
    entryPoints: [source('index.ts')],
    outfile: join(made, 'holdline.mjs'),
    platform: 'browser',
    format: 'esm',
    minify: true,
  }),
  // Not minified: a stack trace on a server should be readable.
  build({
    ...common,
    entryPoints: [source('index.ts')],
    outfile: join(made, 'node', 'holdline.js'),
    platform: 'node',
    format: 'esm',
  }),
]);

for (const file of ['holdline.js', 'holdline.mjs']) {
  const bytes = readFileSync(join(made, file));
  const [whole, zipped] = [bytes, gzipSync(bytes)].map(({ length }) => (length / 1000).toFixed(1));
  process.stdout.write(`holdline: dist/sdk/${file} has ${whole} kB, ${zipped} kB with gzip\n`);
}

const tsc = spawnSync(
  process.execPath,
  [
    join(root, 'node_modules', 'typescript', 'bin', 'tsc'),
    ...['-p', join(sdk, 'tsconfig.build.json'), '--outDir', join(made, 'types')],
  ],
  { stdio: 'inherit' },
);
if (tsc.status !== 0) {
  process.stderr.write('holdline: the types of libs/sdk cannot be made; the errors stand above.\n');
  process.exit(1);
}
for (const file of ['package.json', 'README.md']) copyFileSync(join(sdk, file), join(made, file));

const pages = join(root, 'apps', 'delivery', 'src', 'pages');
mkdirSync(join(out, 'pages'), { recursive: true });
for (const file of readdirSync(pages)) {
  if (statSync(join(pages, file)).isFile())
    copyFileSync(join(pages, file), join(out, 'pages', file));
}
