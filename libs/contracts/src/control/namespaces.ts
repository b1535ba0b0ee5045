import { z } from 'zod';
import { channelNameFault, utf8Bytes } from '../channels.js';
import { LIMIT } from '../limits.js';
import { NamespaceRules } from '../snapshot.js';
import { page, Timestamp } from './common.js';

/** What stands before the first colon of a channel's name. */
export const NamespaceName = z.string().superRefine((name, context) => {
  const fault =
    channelNameFault(name)?.replace('channel name', 'namespace name') ??
    (utf8Bytes(name) > 64 ? 'a namespace name has at most 64 bytes of UTF-8' : null) ??
    (/[:*]/.test(name) ? 'a namespace name holds neither `:` nor `*`' : null) ??
    (name === '.' || name === '..' ? 'a namespace cannot be named . or ..' : null);
  if (fault) context.addIssue({ code: 'custom', message: fault });
});

const rules = {
  retentionSeconds: z
    .number()
    .int()
    .min(60)
    .max(LIMIT.ttlMaxSeconds)
    .meta({ description: 'How long messages are kept. Default: 86400.' }),
  retentionMessages: z
    .number()
    .int()
    .min(1)
    .max(10_000_000)
    .nullable()
    .meta({ description: 'Messages kept per channel. Default: null, as many as come.' }),
  persistence: z
    .boolean()
    .meta({ description: 'false: messages are kept for ten minutes only. Default: true.' }),
  presence: z.boolean().meta({ description: 'Default: true.' }),
  maxMessageBytes: z
    .number()
    .int()
    .min(1)
    .max(LIMIT.messageMaxBytes)
    .meta({ description: `Default: ${LIMIT.messageBytes}.` }),
  publishers: z
    .enum(['anyone', 'keys'])
    .meta({ description: '`keys`: client tokens may not publish. Default: anyone.' }),
};
const RulesBody = z.strictObject(rules).partial();

/** PUT: what is left out takes its default. */
export const NamespaceRulesBody = RulesBody;
export type NamespaceRulesBody = z.output<typeof NamespaceRulesBody>;
export const NamespaceBody = z.strictObject({ name: NamespaceName, ...RulesBody.shape });
export type NamespaceBody = z.output<typeof NamespaceBody>;
/** PATCH: what is left out stays. */
export const NamespacePatch = RulesBody.refine(
  (patch) => Object.keys(patch).length > 0,
  'name at least one rule to change',
);
export type NamespacePatch = z.output<typeof NamespacePatch>;

export const Namespace = NamespaceRules.extend({ name: z.string(), createdAt: Timestamp });
export type Namespace = z.output<typeof Namespace>;
export const NamespaceList = page(Namespace);
