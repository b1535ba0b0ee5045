import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { describe, expect, test } from '@jest/globals';
import { prepareDatabase } from './prepare-database.js';
import { StartError } from './start-error.js';
import { keeper } from './testing/keeper.js';

describe('prepareDatabase', () => {
  test('a PostgreSQL that is not there: says so at once, and gives up with what to do', async () => {
    const probe = createServer().listen(0, '127.0.0.1');
    await once(probe, 'listening');
    const { port } = probe.address() as AddressInfo;
    probe.close();
    await once(probe, 'close');
    const voice = keeper();
    const url = `postgres://holdline:secret@127.0.0.1:${port}/holdline`;
    const fault = await prepareDatabase(url, voice, 1).then(
      () => null,
      (error: unknown) => error,
    );
    expect(fault).toBeInstanceOf(StartError);
    expect((fault as Error).message).toMatch(
      /cannot be reached.+DATABASE_URL is right, or leave DATABASE_URL out/,
    );
    expect(voice.said()).toMatch(/cannot be reached yet/);
    expect(`${(fault as Error).message}${voice.said()}`).not.toContain('secret');
  });
});
