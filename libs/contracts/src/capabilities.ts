import { z } from 'zod';
import { LIMIT } from './limits.js';
import { ClientId } from './messages.js';

/** What a credential may do on a channel. `admin` is for keys alone: the control plane, for scripts. */
export const OPERATIONS = ['publish', 'subscribe', 'history', 'presence', 'admin'] as const;
export type Operation = (typeof OPERATIONS)[number];

/** A literal, `*` alone, or `*` as the last segment after a colon (`room:*`). */
export function patternFault(pattern: string): string | null {
  if (pattern === '') return 'a pattern cannot be empty';
  const star = pattern.indexOf('*');
  if (star < 0 || pattern === '*') return null;
  return star === pattern.length - 1 && pattern.endsWith(':*')
    ? null
    : '`*` stands alone, or last after a colon (`room:*`)';
}

/** Whether a pattern, taken as one already, names a channel. */
export function patternMatches(pattern: string, channel: string): boolean {
  if (pattern === '*' || pattern === channel) return true;
  return pattern.endsWith(':*') && channel.startsWith(pattern.slice(0, -1));
}

export const CapabilityPattern = z
  .string()
  .max(LIMIT.channelNameBytes)
  .superRefine((pattern, context) => {
    const fault = patternFault(pattern);
    if (fault) context.addIssue({ code: 'custom', message: fault });
  });

/** Channel pattern → operations; `*` among the operations means all of a channel's (not `admin`). */
export const Capabilities = z
  .record(CapabilityPattern, z.array(z.enum([...OPERATIONS, '*'])).max(OPERATIONS.length + 1))
  .refine(
    (map) => Object.keys(map).length <= LIMIT.capabilityPatterns,
    `at most ${LIMIT.capabilityPatterns} patterns`,
  );
export type Capabilities = z.output<typeof Capabilities>;

/** The body of POST /v1/tokens. */
export const TokenBody = z.strictObject({
  clientId: ClientId.optional(),
  ttl: z.number().int().min(1).max(LIMIT.tokenMaxSeconds).optional(),
  capabilities: Capabilities.optional(),
});

export const TokenAnswer = z.object({ token: z.string(), expiresAt: z.iso.datetime() });
