import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { CONTROL_ROUTES } from '#contracts';
import { FakeStripe } from '../../../../test/fakes/stripe/fake-stripe.js';
import { sign } from '../../../../test/fakes/stripe/webhooks.js';
import { startTestApi, type TestApi } from '../testing/test-api.js';

const PATH = CONTROL_ROUTES.stripeWebhook.path;
const SECRETS = ['whsec_new', 'whsec_old'];

let fake: FakeStripe;
let t: TestApi;
beforeAll(async () => {
  fake = await new FakeStripe(new Date()).start();
  t = await startTestApi({
    stripe: { secretKey: 'sk_test_fake', webhookSecrets: SECRETS, host: fake.url },
  });
}, 120_000);
afterAll(async () => {
  await t?.stop();
  await fake?.stop();
});

const stored = () => t.database.asSystem((tx) => tx.stripeEvent.count(), { timeoutMs: 60_000 });
let serial = 0;
function event(type = 'customer.subscription.updated'): string {
  const id = `evt_${++serial}`;
  const created = Math.floor(t.clock.now() / 1000);
  return JSON.stringify({ id, object: 'event', type, created, data: { object: { id: 'sub_1' } } });
}
const seconds = () => Math.floor(t.clock.now() / 1000);
function post(
  body: string | Buffer,
  secret = SECRETS[0] ?? '',
  at = seconds(),
  signed = String(body),
) {
  const headers = { 'stripe-signature': sign(signed, secret, at) };
  return t.nobody('POST', PATH, { raw: body, headers });
}

describe('B1: the same event', () => {
  test('a thousand times at once is stored once, and each is answered 200', async () => {
    const before = await stored();
    const body = event();
    const answers = await Promise.all(
      Array.from({ length: 1_000 }, async () => {
        // A busy machine may answer 503; Stripe sends it again then.
        for (;;) {
          const answer = await post(body);
          if (answer.status !== 503) return answer.status;
        }
      }),
    );
    expect(new Set(answers)).toEqual(new Set([200]));
    expect(await stored()).toBe(before + 1);
  }, 300_000);
});

describe('B2: what Stripe did not sign for this endpoint just now is refused, and nothing is stored', () => {
  const refused = async (answer: Promise<{ status: number; body: { code: string } | null }>) => {
    const before = await stored();
    const { status, body } = await answer;
    expect([status, body?.code, await stored()]).toEqual([400, 'invalid_request', before]);
  };

  test('either secret of a rotation is taken', async () => {
    const before = await stored();
    expect((await post(event(), 'whsec_old')).status).toBe(200);
    expect((await post(event(), 'whsec_new')).status).toBe(200);
    expect(await stored()).toBe(before + 2);
  });

  test('another endpoint’s secret', () => refused(post(event(), 'whsec_other')));
  test('no signature', () => refused(t.nobody('POST', PATH, { raw: event() })));
  test('a signature without a time, or garbage', async () => {
    for (const header of ['v1=abc', 't=1', 'garbage', 't=,v1=', '']) {
      await refused(
        t.nobody('POST', PATH, { raw: event(), headers: { 'stripe-signature': header } }),
      );
    }
  });
  test('a body of which any one byte is another', async () => {
    const body = event();
    for (let at = 0; at < body.length; at += 7) {
      const altered = Buffer.from(body);
      altered[at] = (altered[at] ?? 0) ^ 1;
      await refused(post(altered, SECRETS[0], seconds(), body));
    }
  });
  test('the same meaning in other bytes', async () => {
    const body = event();
    await refused(post(`${body} `, SECRETS[0], seconds(), body));
  });
  test('older than five minutes by a second; five minutes are taken', async () => {
    const at = seconds();
    const [late, edge] = [event(), event()];
    // The clock runs on while this is asked, so the edge is a little inside.
    expect((await post(edge, SECRETS[0], at - 290)).status).toBe(200);
    await refused(post(late, SECRETS[0], at - 301));
  });
  test('signed, and no event', async () => {
    for (const body of ['null', '[]', '{}', '{"id":1}', 'not json', '{"id":"evt_1","type":"x"}']) {
      await refused(post(body));
    }
  });
  test('events that nobody works on are answered, not kept', async () => {
    const before = await stored();
    expect((await post(event('payout.paid'))).status).toBe(200);
    expect(await stored()).toBe(before);
  });
});

test('differences are the operator’s to read, open ones first', async () => {
  await t.database.asSystem(
    (tx) =>
      tx.stripeDifference.createMany({
        data: [
          { key: 'a', settledAt: new Date(), foundAt: new Date(2), ...said('settled') },
          { key: 'b', foundAt: new Date(1), ...said('open') },
        ],
      }),
    { timeoutMs: 60_000 },
  );
  const path = CONTROL_ROUTES.operatorStripeDifferences.path;
  const login = await t.nobody('POST', '/v1/operator/login', { body: t.demo.operator });
  const operator = t.withCookie(String(login.headers['set-cookie']).split(';', 1)[0] ?? '');
  const first = await operator('GET', `${path}?limit=1`);
  expect(first.body).toMatchObject({ data: [{ id: 'b', note: 'open' }], hasMore: true });
  const next = await operator('GET', `${path}?limit=1&after=b`);
  expect(next.body).toMatchObject({ data: [{ id: 'a' }], hasMore: false });
  const metrics = await t.nobody('GET', '/metrics');
  expect(metrics.text).toContain('holdline_stripe_differences 1');
});

function said(note: string) {
  return { kind: 'hour', ours: '1', theirs: '2', note };
}
