/** Runs a provider's month (test/demo): bundled first, because the fake Stripe is TypeScript. */
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
// As deep below the root as its source: what it imports looks for dist/ from there.
const outfile = `${root}dist/demo/billing-month.mjs`;
await build({
  absWorkingDir: root,
  entryPoints: ['test/demo/billing-month.ts'],
  outfile,
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'es2024',
  packages: 'external',
  sourcemap: true,
  logLevel: 'warning',
});
await import(pathToFileURL(outfile).href);
