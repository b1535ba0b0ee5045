/**
 * Builds the dashboard (dist/dashboard): first the types of the control plane's routes from its OpenAPI
 * document, then the pages, then each file once more as gzip and Brotli. Needs the built servers.
 * `--types`: the types alone.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import openapiTS, { astToString } from 'openapi-typescript';
import { build } from 'vite';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = join(root, 'apps', 'dashboard');
const made = join(root, 'dist', 'dashboard');

const { CONTROL_ROUTES } = await import('../dist/libs/contracts/src/index.js');
const { openapiDocument } = await import('../dist/libs/platform/src/index.js');
const document = openapiDocument(
  { title: 'Holdline control plane', description: '', server: '/' },
  Object.values(CONTROL_ROUTES),
);
const types = join(folder, 'src', 'api', 'generated', 'control-plane.ts');
mkdirSync(dirname(types), { recursive: true });
writeFileSync(types, astToString(await openapiTS(document)));

if (!process.argv.includes('--types')) {
  await build({ configFile: join(folder, 'vite.config.ts') });
  let [first, all] = [0, 0];
  const html = readFileSync(join(made, 'index.html'), 'utf8');
  for (const name of readdirSync(join(made, 'assets'))) {
    const file = join(made, 'assets', name);
    const bytes = readFileSync(file);
    const zipped = gzipSync(bytes, { level: 9 });
    writeFileSync(`${file}.gz`, zipped);
    const brotli = { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } };
    writeFileSync(`${file}.br`, brotliCompressSync(bytes, brotli));
    if (!name.endsWith('.js')) continue;
    all += zipped.length;
    if (html.includes(name)) first += zipped.length;
  }
  const kb = (bytes) => (bytes / 1000).toFixed(1);
  process.stdout.write(
    `holdline: the dashboard has ${kb(all)} kB of JavaScript with gzip, ${kb(first)} kB before the first page's own\n`,
  );
}
