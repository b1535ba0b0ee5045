export type Capabilities = Record<string, readonly string[]>;

export const OPERATIONS = ['publish', 'subscribe', 'history', 'presence', 'admin'] as const;

/** `room:* may subscribe, history` for each pattern. */
export function capabilityLines(capabilities: Capabilities): string[] {
  return Object.entries(capabilities).map(([pattern, operations]) => {
    const may = operations.includes('*')
      ? ['everything on channels', ...operations.filter((name) => name !== '*')]
      : operations;
    return `${pattern}: ${may.join(', ')}`;
  });
}
