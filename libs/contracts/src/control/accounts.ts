import { z } from 'zod';
import { ROLES } from '../roles.js';
import { App } from './apps.js';
import { label, Timestamp } from './common.js';

export const Role = z.enum(ROLES);
export type Role = z.output<typeof Role>;

/** Stored and compared in lower case. */
export const Email = z
  .string()
  .trim()
  .toLowerCase()
  .max(254, 'an e-mail address has at most 254 characters')
  .pipe(z.email());

/** The upper bound keeps hashing a password from becoming a lever. */
export const Password = z
  .string()
  .min(10, 'a password has at least 10 characters')
  .max(256, 'a password has at most 256 characters')
  .regex(/^[^\p{Surrogate}]*$/u, 'a password is valid Unicode text');

export const SignupBody = z.strictObject({
  email: Email,
  password: Password,
  tenantName: label('tenantName')
    .optional()
    .meta({ description: 'Defaults to the e-mail address.' }),
});
export type SignupBody = z.output<typeof SignupBody>;

/** No lower bound on the password here: a short one is simply wrong. */
export const LoginBody = z.strictObject({
  email: Email,
  password: z.string().min(1).max(256),
  code: z.string().min(1).max(40).optional().meta({
    description:
      'With two-step sign-in: of the authenticator app, or a recovery code. Without it the answer is `second_factor_required`.',
  }),
});
export type LoginBody = z.output<typeof LoginBody>;

export const User = z.object({ id: z.string(), email: z.string(), createdAt: Timestamp });
export type User = z.output<typeof User>;

export const TenantStatus = z.enum(['active', 'suspended', 'closed']);
export const Tenant = z.object({
  id: z.string(),
  name: z.string(),
  status: TenantStatus,
  createdAt: Timestamp,
});
export type Tenant = z.output<typeof Tenant>;

const TenantMembership = z.object({ tenant: Tenant, role: Role });
export type TenantMembership = z.output<typeof TenantMembership>;

export const SignupAnswer = z.object({ user: User, tenant: Tenant, role: Role, app: App });
export type SignupAnswer = z.output<typeof SignupAnswer>;

/** Who acts now: a signed-in user, or an API key with `admin`, which acts as a developer of its tenant. */
export const MeAnswer = z.object({
  user: User.nullable(),
  key: z.object({ id: z.string(), appId: z.string() }).nullable(),
  tenant: Tenant.nullable().meta({ description: 'The tenant that the other routes act on.' }),
  role: Role.nullable(),
  tenants: z.array(TenantMembership),
  impersonation: z
    .object({ operator: z.string(), endsAt: Timestamp })
    .nullable()
    .meta({ description: 'One of the platform’s staff looks at this tenant, and until when.' }),
});
export type MeAnswer = z.output<typeof MeAnswer>;
