import { z } from 'zod';
import { Password } from './accounts.js';
import { label, Timestamp } from './common.js';

/** Said again before something that makes signing in weaker or different. */
const Again = z.string().min(1).max(256).meta({ description: 'Yours, once more.' });

export const Passkey = z.object({
  id: z.string(),
  name: z.string(),
  createdAt: Timestamp,
  lastUsedAt: Timestamp.nullable(),
});
export type Passkey = z.output<typeof Passkey>;

export const OwnAccount = z.object({
  email: z.string(),
  hasPassword: z.boolean().meta({
    description:
      'False: it was made through an organisation’s sign-in, which alone signs in to it.',
  }),
  twoStep: z.object({
    enabled: z.boolean(),
    recoveryCodesLeft: z.number().int(),
  }),
  passkeys: z.array(Passkey),
  identities: z
    .array(z.object({ issuer: z.string(), createdAt: Timestamp }))
    .meta({ description: 'Organisations whose own sign-in signs in here too.' }),
  sessions: z.array(
    z.object({
      current: z.boolean(),
      createdAt: Timestamp,
      lastSeenAt: Timestamp,
      expiresAt: Timestamp,
      ip: z.string().nullable().meta({ description: 'Where it was last used from.' }),
      userAgent: z.string().nullable(),
    }),
  ),
});
export type OwnAccount = z.output<typeof OwnAccount>;

export const PasswordChange = z.strictObject({ password: Again, newPassword: Password });
export type PasswordChange = z.output<typeof PasswordChange>;

export const PasswordAgain = z.strictObject({ password: Again });
export type PasswordAgain = z.output<typeof PasswordAgain>;

export const TwoStepSecret = z.object({
  secret: z.string().meta({ description: 'Base32. Shown this once.' }),
  uri: z.string().meta({ description: 'otpauth://…, for a QR code.' }),
});
export type TwoStepSecret = z.output<typeof TwoStepSecret>;

export const TotpCode = z.strictObject({
  code: z.string().regex(/^\d{6}$/, 'code has 6 digits'),
});
export type TotpCode = z.output<typeof TotpCode>;

export const RecoveryCodes = z.object({
  recoveryCodes: z.array(z.string()).meta({
    description: 'Each signs in once instead of a code. Shown this once.',
  }),
});
export type RecoveryCodes = z.output<typeof RecoveryCodes>;

/** What the browser's `navigator.credentials` takes and gives, as JSON (WebAuthn Level 3). */
const Webauthn = z.record(z.string(), z.unknown());

export const WebauthnOptions = Webauthn.meta({ description: 'For navigator.credentials.' });
export const NewPasskey = z.strictObject({ name: label('name'), credential: Webauthn });
export type NewPasskey = z.output<typeof NewPasskey>;
export const PasskeyLogin = z.strictObject({ credential: Webauthn });
export type PasskeyLogin = z.output<typeof PasskeyLogin>;
