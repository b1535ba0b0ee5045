import { type Capabilities, OPERATIONS, type Operation, patternFault } from '#contracts';

/** What a credential may do on which channels, made ready for the hot path. */
export interface CapabilitySet {
  /** `admin` is no channel operation: it asks the same as the property, whatever the channel. */
  allows(operation: Operation, channel: string): boolean;
  /** Only a key whose pattern `*` lists `admin`: the control plane knows no channels to narrow it to. */
  readonly admin: boolean;
}

type ChannelOperation = Exclude<Operation, 'admin'>;

const BIT = Object.fromEntries(
  OPERATIONS.filter((operation) => operation !== 'admin').map((operation, index) => [
    operation,
    1 << index,
  ]),
) as Record<ChannelOperation, number>;
const ALL = Object.values(BIT).reduce((mask, bit) => mask | bit, 0);

/** Nothing at all. */
export const NO_CAPABILITIES: CapabilitySet = { admin: false, allows: () => false };

/** Every channel operation on every channel, without `admin`. */
export const ALL_CHANNELS: CapabilitySet = compile({ '*': ['*'] });

/**
 * Makes a capability map fast to ask. A pattern that the contract does not know (a star elsewhere)
 * grants nothing: read as a literal or as a prefix, it could grant more than its author meant.
 */
export function compile(capabilities: Capabilities): CapabilitySet {
  const literals = new Map<string, number>();
  const prefixes: { prefix: string; mask: number }[] = [];
  let everywhere = 0;
  let admin = false;
  for (const [pattern, operations] of Object.entries(capabilities)) {
    if (patternFault(pattern)) continue;
    const mask = maskOf(operations);
    if (pattern === '*') {
      everywhere = mask;
      admin = operations.includes('admin');
    } else if (pattern.endsWith('*')) {
      // The colon stays: `room:*` is the namespace `room`, never the channel `rooms`.
      prefixes.push({ prefix: pattern.slice(0, -1), mask });
    } else {
      literals.set(pattern, mask);
    }
  }
  return {
    admin,
    allows(operation, channel) {
      if (operation === 'admin') return admin;
      const bit = BIT[operation];
      if (everywhere & bit) return true;
      if ((literals.get(channel) ?? 0) & bit) return true;
      for (const { prefix, mask } of prefixes) {
        if (mask & bit && channel.startsWith(prefix)) return true;
      }
      return false;
    },
  };
}

/** What both allow: a token never has more than its key, nor more than it says itself. Never `admin`. */
export function narrow(token: CapabilitySet, key: CapabilitySet): CapabilitySet {
  return {
    admin: false,
    allows: (operation, channel) =>
      operation !== 'admin' && token.allows(operation, channel) && key.allows(operation, channel),
  };
}

function maskOf(operations: readonly string[]): number {
  let mask = 0;
  for (const operation of operations) {
    if (operation === '*') mask |= ALL;
    else mask |= BIT[operation as ChannelOperation] ?? 0;
  }
  return mask;
}
