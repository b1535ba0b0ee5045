import { describe, expect, test } from '@jest/globals';
import { isAbsolute } from 'node:path';
import { ConfigError, describeConfig, loadConfig } from './config.js';

describe('configuration', () => {
  test('an empty environment gives the documented defaults', () => {
    const config = loadConfig({});
    expect(config).toMatchObject({
      host: '127.0.0.1',
      apiPort: 3000,
      deliveryPort: 3001,
      databaseUrl: null,
      engine: 'embedded',
    });
    expect(isAbsolute(config.dataDir)).toBe(true);
    expect(config.apiUrl).toBe('http://127.0.0.1:3000');
  });

  test('an operator is named with a password, or not at all; the fault does not repeat it', () => {
    const OPERATOR_EMAIL = 'Ops@Example.com';
    const OPERATOR_PASSWORD = 'at least ten';
    expect(() => loadConfig({ OPERATOR_EMAIL })).toThrow(/go together/);
    expect(() => loadConfig({ OPERATOR_EMAIL, OPERATOR_PASSWORD: 'tooshort' })).toThrow(
      /^(?![^]*tooshort)[^]*OPERATOR_PASSWORD/,
    );
    expect(loadConfig({ OPERATOR_EMAIL, OPERATOR_PASSWORD }).operator).toEqual({
      email: 'ops@example.com',
      password: OPERATOR_PASSWORD,
    });
    expect(loadConfig({}).operator).toBeNull();
  });

  test.each([
    ['API_PORT', 'eighty'],
    ['DELIVERY_PORT', '70000'],
    ['HOLDLINE_MASTER_KEY', 'short'],
    ['DATABASE_URL', 'mysql://x'],
    ['MAX_HOLDS', '0'],
    ['PUBLIC_API_URL', 'not a url'],
    ['TLS_CERT', 'cert.pem'],
    ['ENGINE', 'floppy'],
  ])('a bad %s stops the start with its name and the fix', (name, value) => {
    expect(() => loadConfig({ [name]: value })).toThrow(ConfigError);
    expect(() => loadConfig({ [name]: value })).toThrow(/then start again/);
    expect(() => loadConfig({ [name]: value })).toThrow(
      new RegExp(name === 'TLS_CERT' ? 'TLS_KEY' : name),
    );
  });

  test('every fault is listed at once, and no secret is repeated', () => {
    const message = String(
      (() => {
        try {
          return loadConfig({
            API_PORT: 'x',
            DELIVERY_PORT: 'y',
            DATABASE_URL: 'mysql://user:hunter2@db/x',
          });
        } catch (error) {
          return error;
        }
      })(),
    );
    expect(message).toContain('API_PORT');
    expect(message).toContain('DELIVERY_PORT');
    expect(message).not.toContain('hunter2');
  });

  test.each([undefined, 'api.stripe.com', 'https://api.stripe.com', '127.0.0.1.example.com'])(
    'a clock that can be moved is refused beside a Stripe that is not on this machine (%s)',
    (host) => {
      const env = { HOLDLINE_CLOCK_FILE: 'clock', ...(host && { STRIPE_HOST: host }) };
      expect(() => loadConfig(env)).toThrow(/HOLDLINE_CLOCK_FILE .*STRIPE_HOST on this machine/);
      expect(loadConfig({ ...env, STRIPE_HOST: 'http://127.0.0.1:12111' }).clockFile).toBe('clock');
    },
  );

  test('an empty variable counts as unset', () => {
    expect(loadConfig({ API_PORT: '', DATABASE_URL: '' }).apiPort).toBe(3000);
  });

  test('every setting has a meaning for the docs', () => {
    for (const { name, meaning } of describeConfig())
      expect([name, meaning.length > 10]).toEqual([name, true]);
  });
});
