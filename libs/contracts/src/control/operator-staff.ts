import { z } from 'zod';
import { Email } from './accounts.js';
import { AuditEntry } from './audit.js';
import { ListQuery, page, Timestamp } from './common.js';
import { OwnAccount, PasswordAgain } from './own-account.js';

/** An operator's own way of signing in. */
export const OperatorAccount = z.object({
  id: z.string(),
  email: z.string(),
  twoStep: OwnAccount.shape.twoStep,
});
export type OperatorAccount = z.output<typeof OperatorAccount>;

export const StaffMember = z.object({
  id: z.string(),
  email: z.string(),
  createdAt: Timestamp,
  twoStep: z.boolean().meta({ description: 'Whether signing in takes a code too.' }),
});
export type StaffMember = z.output<typeof StaffMember>;
export const StaffList = z.object({ data: z.array(StaffMember) });

export const NewStaffBody = PasswordAgain.extend({ email: Email });
export type NewStaffBody = z.output<typeof NewStaffBody>;

export const AddedStaff = StaffMember.extend({
  initialPassword: z.string().meta({ description: 'Shown this once.' }),
});
export type AddedStaff = z.output<typeof AddedStaff>;

/** How many operators there are at most. */
export const STAFF_MAX = 100;

const Id = z.string().min(1).max(60);

export const OperatorLogQuery = ListQuery.extend({
  after: z.coerce
    .number()
    .int()
    .min(1)
    .safe()
    .optional()
    .meta({ description: 'The `id` of the last entry of the page before.' }),
  operator: Id.optional().meta({ description: 'Of one operator, by id.' }),
  tenant: Id.optional().meta({ description: 'To one tenant, by id.' }),
});
export type OperatorLogQuery = z.output<typeof OperatorLogQuery>;

export const OperatorLogEntry = AuditEntry.pick({
  at: true,
  actor: true,
  ip: true,
  userAgent: true,
  action: true,
  target: true,
  before: true,
  after: true,
}).extend({
  id: z.number().int(),
  tenant: z.string().nullable().meta({
    description: 'To whom it was done, and whose audit log holds it too; null: to no tenant.',
  }),
});
export type OperatorLogEntry = z.output<typeof OperatorLogEntry>;
export const OperatorLog = page(OperatorLogEntry);
