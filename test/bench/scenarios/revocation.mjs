/**
 * How long a revoked key's holds last: many holds with a client token of one key, which is revoked on
 * the control plane. The time runs from the request to revoke to the last hold's end.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { Control } from '../control.mjs';
import { Connection } from '../http-client.mjs';
import { HOLD_SECONDS, pollRequest } from '../requests.mjs';
import { Samples } from '../statistics.mjs';
import { Tally } from '../tally.mjs';
import { OwnShare, allHeld } from '../window.mjs';

/** Holds asked for at one time: fewer than the server's backlog. */
const OPENING = 128;
/** Milliseconds in which delivery has heard of a new key. */
const KNOWN_MS = 5000;

/**
 * @param {import('../requests.mjs').Target} target
 * @param {{ channel: string, holds: number }} options
 */
export async function revocation(target, { channel, holds }) {
  const { apiUrl, appId, email, password } = target.control;
  const control = new Control(apiUrl);
  await control.ask('POST', '/v1/login', { email, password });
  const { id, key } = await control.ask('POST', `/v1/apps/${appId}/keys`, {});
  const token = await tokenOf({ ...target, key });
  const poll = pollRequest({ ...target, key: token }, channel, `from=now&wait=${HOLD_SECONDS}`);
  const tally = new Tally();
  const samples = new Samples(holds);
  const own = new OwnShare();
  let revokedAt = Infinity;
  let last = 0;
  /** @type {Connection[]} */
  const connections = [];

  const hold = () =>
    new Promise((resolve) => {
      let hasEnded = false;
      const connection = new Connection(
        target,
        ({ status, body }) => {
          hasEnded = true;
          if (status !== 401 || !body.includes('"code":"revoked"') || revokedAt === Infinity) {
            tally.fail(new Error(`A hold was answered ${status}: ${body.toString()}`));
            return;
          }
          last = performance.now() - revokedAt;
          samples.add(last);
          tally.add();
        },
        // The server may well close after its refusal.
        (error) => hasEnded || tally.fail(error),
        () => {
          connection.send(poll);
          resolve(undefined);
        },
      );
      connections.push(connection);
    });

  try {
    for (let open = 0; open < holds; open += OPENING) {
      const some = Array.from({ length: Math.min(OPENING, holds - open) }, hold);
      await tally.unlessFault(Promise.all(some));
    }
    await tally.unlessFault(allHeld(target, holds));
    own.start();
    revokedAt = performance.now();
    await control.ask('DELETE', `/v1/apps/${appId}/keys/${id}`);
    await tally.reached(holds);
    own.stop();
    return {
      value: last,
      latency: samples.summary(),
      expected: holds,
      received: tally.received,
      emptyAnswers: 0,
      loadShare: own.share,
    };
  } finally {
    for (const connection of connections) connection.close();
  }
}

/**
 * @param {import('../requests.mjs').Target} target
 * @returns {Promise<string>}
 */
async function tokenOf({ host, port, key }) {
  const deadline = performance.now() + KNOWN_MS;
  for (;;) {
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
    const options = { method: 'POST', headers, body: '{"ttl":600}' };
    const answer = await fetch(`http://${host}:${port}/v1/tokens`, options);
    const body = await answer.json();
    if (answer.status === 201) return body.token;
    if (performance.now() > deadline) {
      throw new Error(`A token was refused: ${answer.status} ${JSON.stringify(body)}`);
    }
    await pause(20);
  }
}
