import { describe, expect, test } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import { ask } from '../support/http-client.js';
import { curlLines, paste } from '../support/shell.js';
import { useHoldline } from '../support/use-holdline.js';

/** Somebody who has typed `npm start` and pastes what it printed, character for character. */
const site = useHoldline({ postgres: 'embedded' });

describe('the two printed commands', () => {
  test('the receive is held until the publish comes, and has its message at once', async () => {
    const commands = curlLines(site.holdline.output());
    const publish = commands.find((command) => /\s(-d|--data|--json)/.test(command)) as string;
    const receive = commands.find((command) => command !== publish) as string;
    expect([publish, receive]).toEqual([
      expect.stringContaining(site.holdline.apiKey),
      expect.stringContaining(site.holdline.apiKey),
    ]);

    const held = paste(receive);
    // curl needs a moment to start; the server's own count says when it holds the request.
    await eventually('the receive is held', 10_000, async () => (await holds()) === 1);
    expect(held.isDone()).toBe(false);

    const sent = await paste(publish).done;
    expect(sent.code).toBe(0);
    const position = (JSON.parse(sent.out) as { messages: { position: number }[] }).messages[0]
      ?.position;

    const got = await held.done;
    expect(got.code).toBe(0);
    const { messages } = JSON.parse(got.out) as { messages: { position: number; data: unknown }[] };
    expect(messages.map((one) => one.position)).toEqual([position]);
    const sentData = /(?:-d|--data|--json)\s+'([^']*)'/.exec(publish)?.[1] as string;
    expect(messages[0]?.data).toEqual((JSON.parse(sentData) as { data: unknown }).data);
    // Meant: under 100 ms. Asserted: what a loaded machine keeps, and a timeout would not.
    expect(got.at - sent.at).toBeLessThan(1000);
  }, 60_000);

  test('the addresses and the login that it prints are those that work', async () => {
    const text = site.holdline.output();
    const { apiUrl, deliveryUrl, email, password } = site.holdline.demo;
    for (const shown of [
      apiUrl,
      deliveryUrl,
      email,
      password,
      `${deliveryUrl}/try`,
      `${apiUrl}/dashboard`,
    ])
      expect(text).toContain(shown);
    for (const page of new Set(text.match(/http:\/\/127\.0\.0\.1:\d+[\w/]*/g))) {
      if (page.includes('/messages')) continue;
      // As a browser does: the control plane's bare address leads on to the dashboard.
      expect([page, (await fetch(page)).status]).toEqual([page, 200]);
    }
    expect((await ask(`${apiUrl}/v1/login`, { json: { email, password } })).status).toBe(200);
  });
});

/** Requests that delivery holds now, by its own metrics. */
async function holds(): Promise<number> {
  const { text } = await ask(`${site.holdline.deliveryUrl}/metrics`);
  return Number(/^holdline_holds(?:\{[^}]*\})? (\d+)$/m.exec(text)?.[1]);
}
