import { describe, expect, test } from '@jest/globals';
import { Secrets } from '#access';
import type { InternalAnswer, InternalRequest } from '#platform';
import { z } from 'zod';
import { DeliveryClient } from './delivery-client.js';

const secrets = Secrets.load({
  dataDir: '/nowhere',
  masterKey: Buffer.alloc(32).toString('base64'),
});
const Known = z.object({ known: z.boolean() });

function clientOf(answer: InternalAnswer | Error) {
  const asked: InternalRequest[] = [];
  const request = async (one: InternalRequest) => {
    asked.push(one);
    if (answer instanceof Error) throw answer;
    return answer;
  };
  return { client: new DeliveryClient('http://delivery', request, secrets), asked };
}

const problem = (code: string, status: number) => ({
  status,
  body: { type: 'x', title: 'x', status, code, detail: 'It says why.', requestId: 'r' },
});

describe('asking delivery', () => {
  test('goes out with the secret, without what was not given, and comes back checked', async () => {
    const { client, asked } = clientOf({ status: 200, body: { known: true, more: 1 } });
    const query = { app: 'a&b', after: undefined, limit: 7 };
    expect(await client.get('/internal/x', query, Known)).toEqual({ known: true });
    await client.post('/internal/y', { z: 1 }, Known);
    const bearer = secrets.derive('internal').toString('hex');
    expect(asked).toMatchObject([
      { url: 'http://delivery/internal/x?app=a%26b&limit=7', bearer },
      { method: 'POST', url: 'http://delivery/internal/y', body: { z: 1 }, bearer },
    ]);
  });

  test.each([
    ['cannot be reached', new Error('connect ECONNREFUSED')],
    ['answers with something else', { status: 200, body: { unknown: 1 } }],
    ['is not Holdline', { status: 200, body: null }],
    ['takes us for a stranger', problem('not_found', 404)],
    ['answers with a refusal that nobody knows', problem('teapot', 418)],
  ])(
    'when it %s, the refusal is unavailable, says what to look at and keeps the cause',
    async (_, answer) => {
      const { client } = clientOf(answer);
      const refusal = client.get('/internal/x', {}, Known);
      await expect(refusal).rejects.toMatchObject({
        code: 'unavailable',
        message: expect.stringContaining('HOLDLINE_DELIVERY_URL'),
        cause: expect.any(Error),
      });
    },
  );

  test('what delivery refuses with is handed on', async () => {
    const { client } = clientOf(problem('storage_full', 507));
    await expect(client.get('/internal/x', {}, Known)).rejects.toMatchObject({
      code: 'storage_full',
      message: 'It says why.',
    });
  });
});
