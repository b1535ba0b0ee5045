import { expect, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { ROOT } from '../support/holdline.js';

test('P6: the demonstration of a month ends with everything equal: own count, usage, invoice, Stripe, ledger', async () => {
  const demo = spawn(process.execPath, [join(ROOT, 'scripts', 'demo.mjs')], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '', LANG: 'C.UTF-8' },
  });
  let said = '';
  for (const stream of [demo.stdout, demo.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (said += text));
  const code = await new Promise<number | null>((resolve, reject) => {
    demo.on('error', reject);
    demo.on('close', resolve);
  });
  expect({ code, said: code === 0 ? '' : said }).toEqual({ code: 0, said: '' });
  expect(said.trimEnd().split('\n').at(-1)).toBe('demo: all equal');
  // It has told all of it, and no secret whole.
  for (const part of [
    'checkout: ',
    'budget.warning: ',
    'is final',
    'invoice.paid',
    'counted again',
  ])
    expect(said).toContain(part);
  expect(said).not.toMatch(/whsec_[\w+/]{12}|hl_live_\w{12}/);
}, 400_000);
