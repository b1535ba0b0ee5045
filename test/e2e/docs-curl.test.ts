import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readFileSync, readdirSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  makeAuthority,
  makeClientCertificate,
  makeServerCertificate,
} from '../support/certificates.js';
import { shownBy, stepsOf, type Step } from '../support/doc-steps.js';
import { eventually } from '../support/eventually.js';
import { ROOT, startHoldline, type Holdline } from '../support/holdline.js';
import { ask } from '../support/http-client.js';
import { openTerminal, type Terminal } from '../support/terminal.js';
import { useHoldline } from '../support/use-holdline.js';

/**
 * docs/patterns: whoever pastes a page's lines into a terminal, from top to bottom, sees what the page
 * shows. Each page has a terminal of its own, in a folder like the one Holdline was started in.
 */
const site = useHoldline();
const folder = join(ROOT, 'docs', 'patterns');
const pages = readdirSync(folder).filter((name) => name.endsWith('.md'));
let home: string;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'holdline-docs-'));
  await mkdir(join(home, '.holdline'));
  await writeFile(join(home, '.holdline', 'demo.json'), JSON.stringify(site.holdline.demo));
});
afterAll(() => rm(home, { recursive: true, force: true }));

const variables = (): Record<string, string> => ({
  URL: site.holdline.deliveryUrl,
  API: site.holdline.apiUrl,
  KEY: site.holdline.apiKey,
  APP: site.holdline.appId,
});

/** Runs the steps of a page one after the other and compares what each prints. */
async function follow(steps: readonly Step[], terminal: Terminal): Promise<void> {
  for (const { code, shown, line } of steps) {
    const { output, status } = await terminal.run(code);
    expect([`line ${line}`, status, output]).toEqual([`line ${line}`, 0, output]);
    if (shown !== null) expect(output).toEqual(shownBy(shown));
    // curl is content with a refusal; a reader who was not told of one is not.
    else expect(output).not.toContain('"requestId"');
  }
}

describe('the lines of docs/patterns, exactly as printed', () => {
  test.each(pages)('%s', async (name) => {
    const markdown = readFileSync(join(folder, name), 'utf8');
    const terminal = openTerminal(home, variables());
    try {
      await follow(stepsOf(markdown, 'sh'), terminal);
    } finally {
      terminal.close();
    }
  });

  test('every pattern has lines to paste, and the index leads to every page', () => {
    const index = readFileSync(join(folder, 'README.md'), 'utf8');
    for (const name of pages.filter((one) => one !== 'README.md')) {
      const markdown = readFileSync(join(folder, name), 'utf8');
      const language = name === 'tls.md' ? 'console' : 'sh';
      expect([name, stepsOf(markdown, language).length > 0]).toEqual([name, true]);
      expect(index).toContain(`](${name})`);
    }
  });
});

describe('the lines of README.md', () => {
  test('a receive is held in one terminal until the other publishes', async () => {
    const markdown = readFileSync(join(ROOT, 'README.md'), 'utf8');
    // A reader's Holdline has the default port.
    const [receive, publish] = stepsOf(markdown, 'sh').map(({ code }) =>
      code.replaceAll('http://127.0.0.1:3001', site.holdline.deliveryUrl),
    );
    const terminals = [openTerminal(home, {}), openTerminal(home, {})] as const;
    try {
      const receiving = terminals[0].run(receive as string);
      await eventually('the receive is held', 20_000, async () => {
        const { text } = await ask(`${site.holdline.deliveryUrl}/metrics`);
        return Number(/^holdline_holds(?:\{[^}]*\})? (\d+)$/m.exec(text)?.[1]) > 0;
      });
      const published = await terminals[1].run(publish as string);
      expect(published).toMatchObject({ status: 0, output: expect.stringContaining('"position"') });
      const received = await receiving;
      expect(received).toMatchObject({
        status: 0,
        output: expect.stringContaining('Hello, held request!'),
      });
    } finally {
      for (const terminal of terminals) terminal.close();
    }
  });
});

describe('the lines of docs/patterns/tls.md, with certificates', () => {
  const authority = makeAuthority('Test authority');
  const server = makeServerCertificate(authority);
  const client = makeClientCertificate('device-1', authority);
  let secured: Holdline;
  let files: string;

  beforeAll(async () => {
    files = await mkdtemp(join(tmpdir(), 'holdline-docs-tls-'));
    const contents = {
      'ca.pem': authority.cert,
      'cert.pem': server.cert,
      'key.pem': server.key,
      'client.pem': client.cert,
      'client.key': client.key,
    };
    for (const [name, text] of Object.entries(contents)) await writeFile(join(files, name), text);
    secured = await startHoldline({
      env: {
        TLS_CERT: join(files, 'cert.pem'),
        TLS_KEY: join(files, 'key.pem'),
        TLS_CLIENT_CA: join(files, 'ca.pem'),
      },
      tls: { ca: authority.cert, cert: client.cert, key: client.key },
    });
  }, 90_000);
  afterAll(async () => {
    await secured?.stop();
    await rm(files, { recursive: true, force: true });
  }, 30_000);

  test('HTTP/2 with a client certificate, and no connection without one', async () => {
    const port = new URL(secured.deliveryUrl).port;
    const markdown = readFileSync(join(folder, 'tls.md'), 'utf8');
    const steps = stepsOf(markdown, 'console').map((step) => ({
      ...step,
      code: step.code.replaceAll('localhost:3001', `localhost:${port}`),
    }));
    const terminal = openTerminal(files, { KEY: secured.apiKey });
    try {
      await follow(steps, terminal);
    } finally {
      terminal.close();
    }
  });
});
