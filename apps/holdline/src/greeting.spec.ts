import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { greeting } from './greeting.js';

let dataDir: string;
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'holdline-'));
});
afterEach(() => rm(dataDir, { recursive: true, force: true }));

const facts = () => ({
  apiUrl: 'http://127.0.0.1:3000',
  deliveryUrl: 'http://127.0.0.1:3001',
  dataDir,
  tls: false,
});
const demo = {
  apiUrl: 'http://127.0.0.1:3000',
  deliveryUrl: 'http://127.0.0.1:3001',
  tenantId: 'ten_1',
  appId: 'app_1',
  apiKey: 'hl_live_000000000000_secret',
  email: 'demo@example.test',
  password: 'pass word',
  operator: { email: 'operator@example.test', password: 'operator' },
};

describe('greeting', () => {
  test('names the servers, their documentation, the dashboard, the try page, the login and the key', () => {
    writeFileSync(join(dataDir, 'demo.json'), JSON.stringify(demo));
    const text = greeting(facts());
    for (const part of [
      'http://127.0.0.1:3000/dashboard',
      'http://127.0.0.1:3001/try',
      'http://127.0.0.1:3000/docs',
      'http://127.0.0.1:3001/docs',
      demo.email,
      demo.password,
      demo.apiKey,
      join(dataDir, 'demo.json'),
      'Ctrl-C',
    ]) {
      expect(text).toContain(part);
    }
    expect(text).not.toContain(demo.operator.password);
  });

  test('its commands mean the same to a shell as they look like', () => {
    writeFileSync(join(dataDir, 'demo.json'), JSON.stringify(demo));
    const commands = greeting(facts())
      .split('\n')
      .filter((line) => line.trim().startsWith('curl '));
    const words = commands.map((command) => {
      const print = `curl() { printf '%s\\n' "$@"; }; ${command.trim()}`;
      return spawnSync('sh', ['-c', print], { encoding: 'utf8' }).stdout.trimEnd().split('\n');
    });
    const url = 'http://127.0.0.1:3001/v1/channels/hello/messages';
    expect(words).toEqual([
      ['-sS', '-u', `${demo.apiKey}:`, `${url}?wait=300`],
      [
        '-sS',
        '-u',
        `${demo.apiKey}:`,
        '-H',
        'Content-Type: application/json',
        '-d',
        '{"data":"Hello, world"}',
        url,
      ],
    ]);
  });

  test('without a demo it says how to sign up', () => {
    expect(greeting(facts())).toContain('POST http://127.0.0.1:3000/v1/signup');
  });
});
