import type { Message } from '../../../../../libs/sdk/src/index.js';

/** Reads exactly this message again; the key is the reader's to put in. */
export function receiveAsCurl(deliveryUrl: string, { channel, position }: Message): string {
  const path = `/v1/channels/${encodeURIComponent(channel)}/history`;
  const query = `order=oldest&after=${position - 1}&limit=1`;
  return `curl -u "$HOLDLINE_KEY:" '${deliveryUrl}${path}?${query}'`;
}

export function publishAsCurl(deliveryUrl: string, channel: string, body: object): string {
  const path = `/v1/channels/${encodeURIComponent(channel)}/messages`;
  const json = JSON.stringify(body).replace(/'/g, `'\\''`);
  return `curl -u "$HOLDLINE_KEY:" -H 'Content-Type: application/json' -d '${json}' '${deliveryUrl}${path}'`;
}
