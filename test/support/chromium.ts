import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream, createWriteStream, existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createBrotliDecompress } from 'node:zlib';
import { chromium } from 'playwright-core';
import type { Browser } from 'playwright-core';
import { ROOT } from './holdline.js';

const require = createRequire(import.meta.url);

/** No sandbox: tests run as root in CI. The rest keeps the browser from calling its maker. */
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export interface Chromium {
  readonly browser: Browser;
  close(): Promise<void>;
}

/**
 * A headless Chromium out of the npm package that brings it, with the libraries (NSS and its like) and
 * fonts that it needs: nothing has to be installed on the machine.
 */
export async function startChromium(): Promise<Chromium> {
  const unpacked = await unpack();
  const home = await mkdtemp(join(tmpdir(), 'holdline-chromium-'));
  // The package's own font configuration names folders of another machine.
  const fonts = join(home, 'fonts.conf');
  await writeFile(
    fonts,
    `<?xml version="1.0"?><fontconfig><dir>${join(unpacked, 'fonts')}</dir><cachedir>${join(home, 'fonts')}</cachedir></fontconfig>`,
  );
  try {
    const browser = await chromium.launch({
      executablePath: join(unpacked, 'chromium'),
      args: FLAGS,
      env: {
        PATH: process.env['PATH'] ?? '',
        HOME: home,
        LD_LIBRARY_PATH: join(unpacked, 'al2023', 'lib'),
        FONTCONFIG_FILE: fonts,
      },
    });
    return {
      browser,
      async close() {
        await browser.close();
        await rm(home, { recursive: true, force: true });
      },
    };
  } catch (error) {
    await rm(home, { recursive: true, force: true });
    throw error;
  }
}

/**
 * Unpacked once for each version, 200 MB, beside the packages. Test files run at the same time: each
 * unpacks for itself and the first to finish wins, so that nobody starts half a browser.
 */
async function unpack(): Promise<string> {
  const entry = require.resolve('@sparticuz/chromium');
  const folder = join(dirname(entry), '..', '..');
  const { version } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as {
    version: string;
  };
  const cache = join(ROOT, 'node_modules', '.cache', 'holdline');
  const ready = join(cache, `chromium-${version}`);
  if (existsSync(ready)) return ready;
  await mkdir(cache, { recursive: true });
  const making = await mkdtemp(join(cache, 'unpacking-'));
  try {
    for (const name of await readdir(join(folder, 'bin'))) {
      const packed = join(folder, 'bin', name);
      if (name.endsWith('.tar.br')) await untar(packed, join(making, name.slice(0, -7)));
      else if (name.endsWith('.br')) await inflate(packed, join(making, name.slice(0, -3)));
    }
    await rename(making, ready).catch((error: unknown) => {
      if (!existsSync(ready)) throw error;
    });
  } finally {
    await rm(making, { recursive: true, force: true });
  }
  return ready;
}

async function inflate(packed: string, file: string): Promise<void> {
  const target = createWriteStream(file, { mode: 0o755 });
  await pipeline(createReadStream(packed), createBrotliDecompress(), target);
}

async function untar(packed: string, folder: string): Promise<void> {
  const archive = `${folder}.tar`;
  await inflate(packed, archive);
  await mkdir(folder);
  const tar = spawn('tar', ['-xf', archive, '-C', folder], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const [code] = (await once(tar, 'close')) as [number | null];
  if (code !== 0) throw new Error(`tar could not unpack ${packed}; its reason stands above.`);
  await rm(archive);
}
