import { z } from 'zod';
import { label, page, Timestamp } from './common.js';

/** `*`, or an origin as browsers send it: scheme, host and port, nothing after. */
export const AllowedOrigin = z
  .string()
  .max(255)
  .refine(
    (text) => text === '*' || isOrigin(text),
    'is `*` or an origin such as https://app.example.com (no path)',
  );

function isOrigin(text: string): boolean {
  try {
    const url = new URL(text);
    return (
      (url.protocol === 'https:' || url.protocol === 'http:') &&
      url.origin === text &&
      !text.includes('*')
    );
  } catch {
    return false;
  }
}

const base64url = (max: number) =>
  z
    .string()
    .regex(/^[A-Za-z0-9_-]+$/, 'is not base64url')
    .max(max);

/**
 * The key id in a token's header. It never looks like one of our own key ids, whose tokens are checked
 * by another algorithm.
 */
const kid = z
  .string()
  .min(1)
  .max(128)
  .regex(/^[\x21-\x7e]+$/, 'is printable ASCII without spaces')
  .refine(
    (text) => !/^[0-9A-Za-z]{12}$/.test(text),
    'looks like a Holdline key id; choose another',
  );

const shared = {
  kid,
  use: z.literal('sig').optional(),
  key_ops: z.array(z.string().max(32)).max(8).optional(),
};
const privateMembers = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'k', 'oth'];

/** A public key (RFC 7517) by which the customer's own server signs tokens: Ed25519, P-256, or RSA of 2048 bits and more. */
export const PublicJwk = z
  .discriminatedUnion('kty', [
    z.looseObject({
      ...shared,
      kty: z.literal('OKP'),
      crv: z.literal('Ed25519'),
      x: base64url(64),
      alg: z.literal('EdDSA').optional(),
    }),
    z.looseObject({
      ...shared,
      kty: z.literal('EC'),
      crv: z.literal('P-256'),
      x: base64url(64),
      y: base64url(64),
      alg: z.literal('ES256').optional(),
    }),
    z.looseObject({
      ...shared,
      kty: z.literal('RSA'),
      n: base64url(1400).min(342, 'an RSA key has at least 2048 bits'),
      e: base64url(16),
      alg: z.literal('RS256').optional(),
    }),
  ])
  .refine(
    (jwk) => !privateMembers.some((name) => name in jwk),
    'holds private parts: send the public key only, and replace this key pair, since it has now left your server',
  )
  // What is stored is exactly what verification uses: certificates, URLs and the like are dropped.
  .transform((jwk) => {
    const kept = ['kid', 'kty', 'crv', 'x', 'y', 'n', 'e', 'alg', 'use'];
    return Object.fromEntries(
      Object.entries(jwk).filter(([name]) => kept.includes(name)),
    ) as Record<string, string>;
  });

const fields = {
  name: label('name'),
  allowedOrigins: z.array(AllowedOrigin).max(100),
  jwks: z
    .array(PublicJwk)
    .max(10)
    .refine(
      (jwks) => new Set(jwks.map((jwk) => jwk['kid'])).size === jwks.length,
      'every key has a kid of its own',
    ),
};

export const AppBody = z.strictObject({
  name: fields.name,
  allowedOrigins: fields.allowedOrigins
    .optional()
    .meta({ description: 'Origins that browsers may call from. Default: any.' }),
  jwks: fields.jwks.optional(),
});
export type AppBody = z.output<typeof AppBody>;

export const AppPatch = z
  .strictObject({
    name: fields.name.optional(),
    allowedOrigins: fields.allowedOrigins.optional(),
    jwks: fields.jwks.optional(),
  })
  .refine((patch) => Object.keys(patch).length > 0, 'name at least one field to change');
export type AppPatch = z.output<typeof AppPatch>;

export const App = z.object({
  id: z.string(),
  name: z.string(),
  allowedOrigins: z.array(z.string()),
  jwks: z.array(z.record(z.string(), z.unknown())),
  createdAt: Timestamp,
});
export type App = z.output<typeof App>;
export const AppList = page(App);
