/** What names things in the control plane's paths. */
export type Ids = typeof MISSING;

/** A channel is whatever somebody publishes to: every app could have this one. */
export const MESSAGE = { channel: 'class:algebra', position: '7654321' };

/** Ids of nothing. */
export const MISSING = {
  ...MESSAGE,
  app: `app_${'0'.repeat(20)}`,
  key: '0'.repeat(12),
  namespace: 'none',
  member: `usr_${'0'.repeat(20)}`,
  webhook: `whk_${'0'.repeat(20)}`,
  delivery: `whd_${'0'.repeat(20)}`,
};

/** As the document writes them. */
export const NAMED: Ids = {
  channel: '{channel}',
  position: '{position}',
  app: '{app}',
  key: '{key}',
  namespace: '{namespace}',
  member: '{member}',
  webhook: '{webhook}',
  delivery: '{delivery}',
};

/** Method, what it is about, path and body of every route with an id in its path. */
export const ROUTES: [string, string, (ids: Ids) => string, unknown][] = [
  ['GET', 'an app', ({ app }) => `/v1/apps/${app}`, undefined],
  ['PATCH', 'an app', ({ app }) => `/v1/apps/${app}`, { name: 'mine now' }],
  ['DELETE', 'an app', ({ app }) => `/v1/apps/${app}`, undefined],
  ['GET', 'keys', ({ app }) => `/v1/apps/${app}/keys`, undefined],
  ['POST', 'keys', ({ app }) => `/v1/apps/${app}/keys`, { name: 'mine' }],
  ['POST', 'a rotation', ({ app, key }) => `/v1/apps/${app}/keys/${key}/rotate`, {}],
  [
    'PATCH',
    'a key',
    ({ app, key }) => `/v1/apps/${app}/keys/${key}`,
    { allowedIps: ['203.0.113.0/24'] },
  ],
  ['GET', 'who uses a key', ({ app, key }) => `/v1/apps/${app}/keys/${key}/use`, undefined],
  ['DELETE', 'a key', ({ app, key }) => `/v1/apps/${app}/keys/${key}`, undefined],
  ['GET', 'namespaces', ({ app }) => `/v1/apps/${app}/namespaces`, undefined],
  ['POST', 'namespaces', ({ app }) => `/v1/apps/${app}/namespaces`, { name: 'mine' }],
  [
    'GET',
    'a namespace',
    ({ app, namespace }) => `/v1/apps/${app}/namespaces/${namespace}`,
    undefined,
  ],
  [
    'PUT',
    'a namespace',
    ({ app, namespace }) => `/v1/apps/${app}/namespaces/${namespace}`,
    { presence: false },
  ],
  [
    'PATCH',
    'a namespace',
    ({ app, namespace }) => `/v1/apps/${app}/namespaces/${namespace}`,
    { presence: false },
  ],
  [
    'DELETE',
    'a namespace',
    ({ app, namespace }) => `/v1/apps/${app}/namespaces/${namespace}`,
    undefined,
  ],
  ['GET', 'live channels', ({ app }) => `/v1/apps/${app}/channels`, undefined],
  ['POST', 'a token of the console', ({ app }) => `/v1/apps/${app}/tokens`, undefined],
  [
    'POST',
    'what a credential may do',
    ({ app }) => `/v1/apps/${app}/can`,
    { capabilities: { '*': ['subscribe'] }, channel: 'room', operation: 'subscribe' },
  ],
  ['GET', 'groups', ({ app }) => `/v1/apps/${app}/groups`, undefined],
  ['GET', 'clients', ({ app }) => `/v1/apps/${app}/clients`, undefined],
  ['POST', 'a trace', ({ app, channel }) => `/v1/apps/${app}/channels/${channel}/trace`, undefined],
  [
    'GET',
    'a message’s trace',
    ({ app, channel, position }) =>
      `/v1/apps/${app}/channels/${channel}/messages/${position}/trace`,
    undefined,
  ],
  ['GET', 'revocations', ({ app }) => `/v1/apps/${app}/revocations`, undefined],
  ['POST', 'revocations', ({ app }) => `/v1/apps/${app}/revocations`, { clientId: 'x' }],
  ['PATCH', 'a member', ({ member }) => `/v1/members/${member}`, { role: 'owner' }],
  ['DELETE', 'a member', ({ member }) => `/v1/members/${member}`, undefined],
  ['GET', 'a webhook', ({ webhook }) => `/v1/webhooks/${webhook}`, undefined],
  ['PATCH', 'a webhook', ({ webhook }) => `/v1/webhooks/${webhook}`, { description: 'mine' }],
  ['DELETE', 'a webhook', ({ webhook }) => `/v1/webhooks/${webhook}`, undefined],
  ['POST', 'a new secret', ({ webhook }) => `/v1/webhooks/${webhook}/rotate`, {}],
  ['POST', 'a test event', ({ webhook }) => `/v1/webhooks/${webhook}/test`, undefined],
  ['GET', 'deliveries', ({ webhook }) => `/v1/webhooks/${webhook}/deliveries`, undefined],
  [
    'GET',
    'a delivery',
    ({ webhook, delivery }) => `/v1/webhooks/${webhook}/deliveries/${delivery}`,
    undefined,
  ],
  [
    'POST',
    'a replay',
    ({ webhook }) => `/v1/webhooks/${webhook}/replay`,
    { from: '2026-01-01T00:00:00Z', to: '2026-01-02T00:00:00Z' },
  ],
];
