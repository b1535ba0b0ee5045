import { describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../support/holdline.js';
import { eventually } from '../support/eventually.js';
import { ask } from '../support/http-client.js';
import { paste } from '../support/shell.js';
import { useHoldline } from '../support/use-holdline.js';

/** What the README shows is what works. */
const site = useHoldline({ postgres: 'embedded' });
const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');

const blocks = (text: string, language: string) =>
  [...text.matchAll(new RegExp('```' + language + '\\n([^]*?)```', 'g'))].map(
    (match) => match[1] as string,
  );

/** As printed, but for this Holdline's port and data directory. */
const here = (command: string) =>
  command
    .replaceAll('http://127.0.0.1:3001', site.holdline.deliveryUrl)
    .replaceAll('./.holdline/', `${site.holdline.dataDir}/`);

describe('the README', () => {
  test('its two curl lines work as pasted: the first is held, and has what the second publishes', async () => {
    const commands = blocks(readme, 'sh').filter((block) => block.includes('curl '));
    expect(commands).toHaveLength(2);
    for (const command of commands) expect(command).toContain('127.0.0.1:3001');
    const [receive, publish] = commands.map(here) as [string, string];
    const held = paste(receive);
    await eventually('the receive is held', 20_000, async () => {
      const { text } = await ask(`${site.holdline.deliveryUrl}/metrics`);
      return /^holdline_holds 1$/m.test(text);
    });
    expect(held.isDone()).toBe(false);
    const sent = await paste(publish).done;
    expect([sent.code, sent.out]).toEqual([0, expect.stringContaining('"position"')]);
    const got = await held.done;
    expect([got.code, got.out]).toEqual([0, expect.stringContaining('Hello, held request!')]);
  }, 60_000);

  test('its browser example is the one of docs/sdk.md, which test/e2e/browser.test.ts runs in a browser', () => {
    const sdk = readFileSync(join(ROOT, 'docs', 'sdk.md'), 'utf8');
    const [example] = blocks(readme, 'html');
    expect(example).toContain('<script');
    expect(example).toBe(blocks(sdk, 'html')[0]);
  });
});
