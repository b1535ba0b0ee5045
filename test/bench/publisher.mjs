/** Publishing, with every answer checked. */
import { messageJson, pollRequest, publishRequest } from './requests.mjs';

/**
 * @typedef {import('./http-client.mjs').Requester} Requester
 * @typedef {import('./requests.mjs').Target} Target
 */

/**
 * Publishes message `n` of a channel; resolves when it has been accepted.
 * @param {Requester} requester
 * @param {Target} target
 * @param {string} channel
 * @param {number} n
 */
export async function publishOne(requester, target, channel, n) {
  checkAccepted(await requester.ask(publishRequest(target, channel, messageJson(n))), 1);
}

/**
 * @param {import('./http-client.mjs').Answer} answer
 * @param {number} count
 */
export function checkAccepted({ status, body }, count) {
  const text = body.toString();
  if (status !== 201) throw new Error(`A publish was answered ${status}: ${text}`);
  const accepted = JSON.parse(text).messages;
  if (accepted.length !== count) {
    throw new Error(`${count} messages were published, ${accepted.length} were acknowledged.`);
  }
}

/**
 * The number of the last message that the channel holds; 0 when it is empty.
 * @param {Requester} requester
 * @param {Target} target
 * @param {string} channel
 * @returns {Promise<number>}
 */
export async function lastStored(requester, target, channel) {
  const { status, body } = await requester.ask(pollRequest(target, channel, 'from=-1&wait=0'));
  if (status !== 200) throw new Error(`A poll was answered ${status}: ${body.toString()}`);
  return JSON.parse(body.toString()).messages.at(-1)?.data.n ?? 0;
}
