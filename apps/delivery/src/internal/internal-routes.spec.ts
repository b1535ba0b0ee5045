import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Problem } from '#contracts';
import { installProblems, type Logger } from '#platform';
import fastify, { type FastifyInstance } from 'fastify';
import { z } from 'zod';
import { internalRoute, registerInternalRoutes } from './internal-routes.js';

const quiet = { error: () => undefined } as unknown as Logger;
const routes = [
  internalRoute({
    method: 'GET',
    path: '/internal/echo',
    input: z.object({ times: z.coerce.number().int().min(1) }),
    answer: async ({ times }) => ({ echo: 'x'.repeat(times) }),
  }),
  internalRoute({
    method: 'POST',
    path: '/internal/refuse',
    input: z.object({ used: z.number() }),
    answer: ({ used }) => {
      const limit = { name: 'things', scope: 'app', max: 1, used, resetAt: null };
      throw new Problem('quota_exceeded', 'One is the most.', { limit });
    },
  }),
];

let app: FastifyInstance;
beforeAll(async () => {
  app = fastify();
  installProblems(app, { docs: 'http://docs', log: quiet });
  await registerInternalRoutes(app, 'secret', routes);
});
afterAll(() => app.close());

const ask = (method: 'GET' | 'POST', url: string, bearer = 'Bearer secret', payload?: object) =>
  app.inject({ method, url, headers: { authorization: bearer }, ...(payload && { payload }) });

describe('routes between our own servers', () => {
  test('answer whoever shows the secret', async () => {
    const answer = await ask('GET', '/internal/echo?times=3');
    expect(answer.statusCode).toBe(200);
    expect(answer.json()).toEqual({ echo: 'xxx' });
    expect(answer.headers['cache-control']).toBe('no-store');
  });

  test.each(['', 'Bearer other', 'Bearer secret2', 'Basic secret'])(
    'are not there for a stranger (%j): the same answer as for nothing',
    async (bearer) => {
      const [there, nothing] = await Promise.all([
        ask('GET', '/internal/echo?times=3', bearer),
        ask('GET', '/internal/nothing', bearer),
      ]);
      const told = (one: typeof there) => ({
        ...one.json(),
        requestId: null,
        detail: one.json().detail.replace(/\S+\.$/, ''),
      });
      expect(there.statusCode).toBe(404);
      expect(told(there)).toEqual(told(nothing));
      expect(Object.keys(there.headers)).toEqual(Object.keys(nothing.headers));
    },
  );

  test('say which input was wrong', async () => {
    const answer = await ask('GET', '/internal/echo?times=none');
    expect(answer.statusCode).toBe(400);
    expect(answer.json().detail).toContain('times');
  });

  test('hand on a refusal as a problem document, with its limit', async () => {
    const answer = await ask('POST', '/internal/refuse', undefined, { used: 7 });
    expect(answer.statusCode).toBe(402);
    expect(answer.json()).toMatchObject({ code: 'quota_exceeded', limit: { used: 7 } });
  });
});
