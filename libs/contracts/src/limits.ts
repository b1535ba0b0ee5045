/**
 * The limits of the protocol itself, the same for every tenant. What a plan or a namespace narrows
 * further comes with the configuration snapshot.
 */
export const LIMIT = {
  /** Bytes of UTF-8 in a channel name. */
  channelNameBytes: 255,
  /** Messages in one publish, over all its channels. */
  publishBatch: 1000,
  /** Channels in the query of one GET. */
  queryChannels: 200,
  /** Channels in one POST /v1/poll: its cursor still fits the 16 kB of headers that clients accept. */
  pollChannels: 500,
  /** Subscriptions (each with a token of its own) in one POST /v1/poll. */
  pollSubscriptions: 50,
  /** Seconds a receive may be held, and the default. */
  holdMaxSeconds: 300,
  holdDefaultSeconds: 55,
  /** Messages in one answer, and the default. */
  answerMessages: 1000,
  answerDefaultMessages: 100,
  /** Bytes of messages in one answer; one larger message still goes alone. */
  answerBytes: 4 * 1024 * 1024,
  /** Bytes of one message (data, name and headers as JSON) unless the namespace says otherwise. */
  messageBytes: 64 * 1024,
  /** The most a namespace can allow. */
  messageMaxBytes: 1024 * 1024,
  /** Bytes of one request body. */
  bodyBytes: 8 * 1024 * 1024,
  /** How deep the JSON of a body may nest. */
  jsonDepth: 64,
  /** Bytes of an idempotency id, of a message name, of a client id. */
  idBytes: 128,
  nameBytes: 128,
  clientIdBytes: 128,
  /** Bytes of a link's name: with what is put around it, it is a channel's name. */
  linkNameBytes: 200,
  /** Requests of one key that may wait for their reply at the same time. */
  waitingRequestsPerKey: 10_000,
  /** Characters of a reply address: 64 bits for who waits, 128 that cannot be guessed. */
  replyAddressLength: 33,
  /** Headers of one message, and bytes of one header's name and value together. */
  messageHeaders: 32,
  messageHeaderBytes: 1024,
  /** Seconds: a message's own time to live at most (one year). */
  ttlMaxSeconds: 31_536_000,
  /** Seconds an idempotency id is remembered at least. */
  idempotencySeconds: 86_400,
  /** Seconds a client token lives: default and most. */
  tokenDefaultSeconds: 600,
  tokenMaxSeconds: 3600,
  /** Bytes of a client token. */
  tokenBytes: 4096,
  /** Patterns in one capability map. */
  capabilityPatterns: 100,
} as const;
