import { z } from 'zod';
import { PlanLimits } from '../plan-limits.js';
import { DeliveryHealth } from '../delivery-health.js';
import { METER_NAMES } from '../meters.js';
import { Role, Tenant, TenantStatus } from './accounts.js';
import { label, ListQuery, page, Timestamp } from './common.js';
import { Usage } from './usage.js';

const Meter = z.enum(METER_NAMES);

export const Operator = z.object({ id: z.string(), email: z.string() });
export type Operator = z.output<typeof Operator>;

const Name = z.object({ id: z.string(), name: z.string() });

export const OperatorTenantsQuery = ListQuery.extend({
  search: label('search').optional().meta({
    description: 'Part of a name, an id, or the e-mail address of a member; in any case.',
  }),
  status: TenantStatus.optional(),
});
export type OperatorTenantsQuery = z.output<typeof OperatorTenantsQuery>;

export const OperatorTenant = Tenant.extend({
  plan: Name.nullable().meta({ description: 'null: none was chosen.' }),
  limits: PlanLimits.meta({ description: 'Its own, which go before those of its plan.' }),
  members: z.number().int(),
  apps: z.number().int().meta({ description: 'Apps that are not revoked.' }),
  keys: z.number().int().meta({ description: 'Keys that work now.' }),
});
export type OperatorTenant = z.output<typeof OperatorTenant>;
export const OperatorTenantList = page(OperatorTenant);

/** How many of a tenant's people and apps are named at most. */
export const NAMED_OF_TENANT = 200;

export const OperatorTenantDetails = OperatorTenant.extend({
  people: z.array(z.object({ id: z.string(), email: z.string(), role: Role })).meta({
    description: `The first ${NAMED_OF_TENANT} members.`,
  }),
  appList: z
    .array(Name.extend({ status: z.enum(['active', 'revoked']), keys: z.number().int() }))
    .meta({ description: `The first ${NAMED_OF_TENANT} apps, each with its working keys.` }),
  usage: z
    .object({ from: Timestamp, asOf: Timestamp.nullable(), total: Usage })
    .meta({ description: 'Of this UTC month, as far as it is counted.' }),
});
export type OperatorTenantDetails = z.output<typeof OperatorTenantDetails>;

export const OperatorTenantPatch = z
  .strictObject({
    status: z.enum(['active', 'suspended']).optional(),
    limits: PlanLimits.optional().meta({ description: 'Replaces all of its own limits.' }),
  })
  .refine((patch) => Object.keys(patch).length > 0, 'name at least one field to change');
export type OperatorTenantPatch = z.output<typeof OperatorTenantPatch>;

export const ImpersonationBody = z.strictObject({
  reason: label('reason', 500)
    .min(3, 'say in a few words why')
    .meta({ description: 'The tenant reads it in its audit log.' }),
});
export type ImpersonationBody = z.output<typeof ImpersonationBody>;

export const Impersonation = z.object({ tenant: Tenant, endsAt: Timestamp });
export type Impersonation = z.output<typeof Impersonation>;

const Part = z.object({ ok: z.boolean(), fault: z.string().nullable() });

export const OperatorNodes = z.object({
  asOf: Timestamp,
  api: z.object({
    startedAt: Timestamp,
    memoryBytes: z.number(),
    configVersion: z.number().int().nullable(),
    database: Part,
    usageUpTo: Timestamp.nullable().meta({
      description: 'All usage before it is counted; null: none was yet.',
    }),
    jobs: z
      .array(
        z.object({
          name: z.string(),
          lastRunAt: Timestamp,
          lastSuccessAt: Timestamp.nullable(),
          fault: z.string().nullable().meta({ description: 'Of its last run; it runs again.' }),
        }),
      )
      .meta({ description: 'What goes on in the background, each since it first ran.' }),
  }),
  delivery: Part.meta({ description: 'Whether a delivery server answers and is ready.' }),
  nodes: z.array(
    z.object({
      id: z.string(),
      lastSeenAt: Timestamp.meta({ description: 'When it last asked for its configuration.' }),
      isGone: z.boolean(),
      configVersion: z.number().int(),
      behind: z.number().int().meta({ description: 'Changes that it does not have yet.' }),
      health: DeliveryHealth.nullable().meta({ description: 'null: it was not reached now.' }),
    }),
  ),
});
export type OperatorNodes = z.output<typeof OperatorNodes>;

export const OperatorLimits = z.object({
  data: z.array(
    z.object({
      tenant: Name,
      appId: z.string().nullable(),
      subject: z.string().nullable().meta({ description: 'The key or client that is meant.' }),
      name: z.string(),
      title: z.string(),
      state: z.enum(['warning', 'reached']).meta({
        description: 'reached: it refused something. warning: four fifths or more are used.',
      }),
      used: z.number(),
      max: z.number(),
      share: z.number().meta({ description: 'used / max' }),
      refused: z.number().int().meta({ description: 'How often, in the last day.' }),
      at: Timestamp.nullable().meta({ description: 'When it was told last; null: it is so now.' }),
      resetAt: Timestamp.nullable(),
    }),
  ),
  budgets: z.array(
    z.object({
      tenant: Name,
      appId: z.string().nullable(),
      level: z.string(),
      usedMicro: z.string(),
      maxMicro: z.string(),
      currency: z.string(),
      resetAt: Timestamp,
    }),
  ),
  note: z.string().nullable().meta({ description: 'What could not be found out, and why.' }),
});
export type OperatorLimits = z.output<typeof OperatorLimits>;

export const Reconciliation = z.object({
  asOf: Timestamp,
  stripe: z.enum(['connected', 'not connected']),
  checks: z.array(
    z.object({
      name: z.string(),
      compares: z.string(),
      state: z.enum(['ok', 'differs', 'never run']),
      lastRunAt: Timestamp.nullable().meta({
        description: 'When it was last looked at; null: never since this server started.',
      }),
      open: z.number().int().meta({ description: 'How many things it found that differ.' }),
      found: z.string().meta({ description: 'What was counted, and what to do about it.' }),
    }),
  ),
  uncleared: z.array(
    z.object({
      tenant: Name,
      account: z.string(),
      currency: z.string(),
      amountMicro: z.string(),
    }),
  ),
  refusedHours: z.array(
    z.object({
      tenant: Name,
      meter: Meter,
      hour: Timestamp,
      units: z.string(),
      state: z.enum(['refused', 'expired']),
      fault: z.string(),
    }),
  ),
  failedEvents: z.array(
    z.object({
      id: z.string(),
      type: z.string(),
      objectId: z.string(),
      receivedAt: Timestamp,
      fault: z.string(),
    }),
  ),
});
export type Reconciliation = z.output<typeof Reconciliation>;

export const SettleBody = z.strictObject({
  id: z.string().min(1).max(500),
  note: label('note', 500).meta({ description: 'Why it is no difference any more.' }),
});
export type SettleBody = z.output<typeof SettleBody>;

export const RetryEventBody = z.strictObject({ id: z.string().min(1).max(255) });
export type RetryEventBody = z.output<typeof RetryEventBody>;

const HourName = z.strictObject({
  tenantId: z.string().min(1).max(64),
  meter: Meter,
  hour: Timestamp,
});

export const RetryHourBody = HourName;
export type RetryHourBody = z.output<typeof RetryHourBody>;

export const ForgoHourBody = HourName.extend({
  note: label('note', 500).meta({ description: 'Why it cannot be sent. The tenant reads it.' }),
});
export type ForgoHourBody = z.output<typeof ForgoHourBody>;
