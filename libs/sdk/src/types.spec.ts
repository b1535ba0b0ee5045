import { expect, test } from '@jest/globals';
import type { ViewBody } from '../../contracts/src/filters.js';
import type {
  PresenceChange as WireChange,
  PresenceMember as WireMember,
} from '../../contracts/src/presence.js';
import type { Lost } from '../../contracts/src/receive.js';
import type { Message as WireMessage, PublishMessage } from '../../contracts/src/messages.js';
import { PublishAnswer } from '../../contracts/src/messages.js';
import { ReceiveAnswer } from '../../contracts/src/receive.js';
import { asAnswer } from './reader.js';
import type { PresenceChange, PresenceMember } from './presence-members.js';
import type { Filter, Gap, Message, OutgoingMessage, View } from './types.js';
import { World } from './testing/world.js';

// Each line fails to compile when the SDK's shapes and the wire's part ways.
type Has<Whole, Part extends Whole> = Part;
export type Received = Has<Message['data'], WireMessage['data']>;
export type SameKeys = [
  Has<keyof WireMessage, keyof Message>,
  Has<keyof Message, keyof WireMessage>,
  Has<keyof PublishMessage, keyof OutgoingMessage>,
  Has<keyof OutgoingMessage, keyof PublishMessage>,
];
export type PresenceKeys = [
  Has<keyof WireMember, keyof PresenceMember>,
  Has<keyof PresenceMember, keyof WireMember>,
  Has<keyof WireChange, keyof PresenceChange>,
];
export type ViewKeys = [Has<keyof ViewBody, keyof View>, Has<keyof View, keyof ViewBody>];
export type FilterKeys = [
  Has<keyof NonNullable<ViewBody['filter']>, keyof Filter>,
  Has<keyof Filter, keyof NonNullable<ViewBody['filter']>>,
];
export type Reasons = Has<Gap['reason'], Lost['reason']>;

test('what the specs’ server says is what the wire contract says', async () => {
  const world = new World();
  const answers: unknown[] = [];
  const { fetch } = world.server;
  const post = async (path: string, body: object): Promise<unknown> => {
    const init = {
      method: 'POST',
      body: JSON.stringify(body),
      signal: new AbortController().signal,
    };
    return (await fetch(`https://rt.example.com${path}`, init)).json();
  };
  const published = await post('/v1/channels/a/messages', { data: 1, id: 'x' });
  expect(PublishAnswer.parse(published)).toEqual(published);
  const subscriptions = [{ channels: ['a'] }];
  answers.push(await post('/v1/poll', { subscriptions, from: 'start', wait: 0 }));
  answers.push(await post('/v1/poll', { subscriptions, wait: 0 }));
  for (const answer of answers) {
    expect(ReceiveAnswer.parse(answer)).toEqual(answer);
    expect(asAnswer(answer).channels).toHaveProperty('a');
  }
});
