import { z } from 'zod';
import { Email, Password, Role } from './accounts.js';
import { page, Timestamp } from './common.js';

export const MemberBody = z.strictObject({
  email: Email,
  role: Role,
  password: Password.optional().meta({
    description:
      'For somebody new: the password to begin with. Left out: one is made and shown this once. Ignored for an existing user.',
  }),
});
export type MemberBody = z.output<typeof MemberBody>;
export const MemberPatch = z.strictObject({ role: Role });
export type MemberPatch = z.output<typeof MemberPatch>;

export const Member = z.object({
  id: z.string().meta({ description: 'The user’s id.' }),
  email: z.string(),
  role: Role,
  createdAt: Timestamp,
});
export type Member = z.output<typeof Member>;
export const MemberList = page(Member);
export const AddedMember = Member.extend({
  initialPassword: z
    .string()
    .nullable()
    .meta({ description: 'Shown this once; null when one was given or the user exists.' }),
});
export type AddedMember = z.output<typeof AddedMember>;
