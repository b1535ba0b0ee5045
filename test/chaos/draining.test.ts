import { describe, expect, test } from '@jest/globals';
import { connect, type Socket } from 'node:net';
import { channelPath } from '../support/delivery-client.js';
import { eventually } from '../support/eventually.js';
import { useHoldline } from '../support/use-holdline.js';
import { received, WireProblem } from '../support/wire.js';

const site = useHoldline();

/** A connection that was used once and is kept, on which a next request has begun and not ended. */
class KeptAlive {
  private text = '';
  private constructor(private readonly socket: Socket) {
    socket.on('data', (chunk: Buffer) => (this.text += chunk.toString('latin1')));
    socket.on('error', () => undefined);
  }

  static async open(): Promise<KeptAlive> {
    const { hostname, port } = new URL(site.holdline.deliveryUrl);
    const kept = new KeptAlive(connect({ host: hostname, port: Number(port) }));
    kept.socket.write(kept.request('GET', channelPath('kept', { wait: 0 }), ''));
    await eventually('the first answer is there', 5000, () => kept.text.endsWith('}'));
    expect(kept.text).toMatch(/^HTTP\/1\.1 200 /);
    kept.text = '';
    return kept;
  }

  request(method: string, path: string, body: string): string {
    const type = body === '' ? '' : 'Content-Type: application/json\r\n';
    return `${method} ${path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${site.holdline.apiKey}\r\n${type}Content-Length: ${body.length}\r\n\r\n${body}`;
  }

  /** All but the line that ends the headers. */
  begin(request: string): () => Promise<string> {
    const cut = request.indexOf('\r\n\r\n') + 2;
    this.socket.write(request.slice(0, cut));
    const ended = new Promise<void>((resolve) => this.socket.on('close', () => resolve()));
    return async () => {
      this.socket.write(request.slice(cut));
      await ended;
      return this.text;
    };
  }
}

describe('a server that drains', () => {
  test('refuses what comes on a kept connection as 503 draining, publish and receive, and stores nothing', async () => {
    const [a, b] = [await KeptAlive.open(), await KeptAlive.open()];
    const cursor = await site.client.now('kept');
    const endings = [
      a.begin(a.request('POST', channelPath('kept'), '{"data":"too late"}')),
      b.begin(b.request('GET', channelPath('kept', { wait: 30 }), '')),
    ];
    const hold = site.client.hold('kept', { cursor });
    await site.client.settle();
    site.holdline.kill('SIGTERM');
    // The held request is answered when draining has begun.
    expect(received(await hold.reply).messages).toEqual([]);
    for (const end of endings) {
      const text = await end();
      expect(text).toMatch(/^HTTP\/1\.1 503 /);
      expect(text).toMatch(/\r\nConnection: close\r\n/i);
      expect(text).toMatch(/\r\nRetry-After: 1\r\n/i);
      const body = text.slice(text.indexOf('\r\n\r\n') + 4);
      expect(WireProblem.parse(JSON.parse(body)).code).toBe('draining');
    }
    expect((await site.holdline.ended()).code).toBe(0);
    await site.holdline.restart();
    const { messages } = await site.client.receive('kept', { cursor });
    expect(messages).toEqual([]);
  }, 90_000);
});
