import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { SoftwareAuthenticator } from '../../testing/software-authenticator.js';
import { startTestApi, type TestApi } from '../../testing/test-api.js';

const PAGE = 'https://api.test';

let t: TestApi;
beforeAll(async () => {
  t = await startTestApi({ apiUrl: PAGE });
});
afterAll(() => t.stop());

test('behind a proxy that ends TLS, passkeys are of the address that people see', async () => {
  const user = await t.signUp();
  const device = new SoftwareAuthenticator(PAGE, 'api.test');
  // The proxy asks us by plain HTTP; the browser says which page it shows.
  const headers = { host: '127.0.0.1:3000', origin: PAGE };
  const { body } = await user.call('POST', '/v1/account/passkeys/options', {
    body: { password: user.password },
    headers,
  });
  const credential = device.create(body.challenge);
  const added = await user.call('POST', '/v1/account/passkeys', {
    body: { name: 'Laptop', credential },
    headers,
  });
  expect(added.status).toBe(201);
  const asked = await t.nobody('POST', '/v1/login/passkey/options', { headers });
  const signedIn = await t.nobody('POST', '/v1/login/passkey', {
    body: { credential: device.get(asked.body.challenge) },
    headers,
  });
  expect(signedIn.status).toBe(200);
});
