import { connect, type Socket } from 'node:net';
import { expect, test } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import { useHoldline } from '../support/use-holdline.js';
import { succeeded } from '../support/wire.js';

/** P7 with many: a revocation ends every hold of a key, however many there are. */
const site = useHoldline();
const HOLDS = 5_000;
/** As many connections are opened at a time: fewer than the server's backlog. */
const AT_ONCE = 500;

interface Held {
  readonly socket: Socket;
  answer: string;
  at: number;
}

function hold(url: string, key: string): Promise<Held> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port) });
    const held: Held = { socket, answer: '', at: 0 };
    socket.setEncoding('latin1');
    socket.on('data', (text: string) => {
      held.answer += text;
      held.at = performance.now();
    });
    socket.on('error', reject);
    const head = `Host: x\r\nAuthorization: Bearer ${key}\r\n`;
    socket.write(`GET /v1/channels/many/messages?wait=300 HTTP/1.1\r\n${head}\r\n`, () =>
      resolve(held),
    );
  });
}

test(`P7: ${HOLDS} holds of one key end as revoked, and the hold of another key goes on`, async () => {
  const { id, key } = await site.owner.createKey(site.holdline.appId);
  await site.client.as(key).known();
  const other = site.client.hold('many', { wait: 300 });
  const holds: Held[] = [];
  const held = async () =>
    Number(/^holdline_holds (\d+)/m.exec((await site.client.ask('/metrics')).text)?.[1] ?? 0);
  try {
    while (holds.length < HOLDS) {
      const some = Array.from({ length: AT_ONCE }, () => hold(site.holdline.deliveryUrl, key));
      holds.push(...(await Promise.all(some)));
    }
    await eventually('all are held', 30_000, async () => (await held()) === HOLDS + 1);
    const began = performance.now();
    const path = `/v1/apps/${site.holdline.appId}/keys/${id}`;
    succeeded(await site.owner.ask(path, { method: 'DELETE' }), 204);
    await eventually('all ended', 30_000, () => holds.every(({ at }) => at > 0));
    const last = Math.max(...holds.map(({ at }) => at)) - began;
    process.stderr.write(`${HOLDS} holds ended within ${Math.round(last)} ms of the revocation\n`);
    const ends = holds.map(({ answer }) => /^HTTP\/1\.1 (\d+)/.exec(answer)?.[1]);
    expect(ends.filter((status) => status !== '401')).toEqual([]);
    expect(holds.filter(({ answer }) => !answer.includes('"code":"revoked"'))).toEqual([]);
    expect(other.settled).toBe(false);
    expect(await held()).toBe(1);
  } finally {
    other.abort();
    await other.reply.catch(() => undefined);
    for (const { socket } of holds) socket.destroy();
  }
}, 120_000);
