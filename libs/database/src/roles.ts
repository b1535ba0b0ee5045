/** The roles that connections run as; the migration says what each may do. */
export type Role = 'holdline_app' | 'holdline_system' | 'holdline_queue';

/** The same database as the role that owns the schema of the queue library, and reaches nothing else. */
export function queueUrl(url: string): string {
  return urlAs(url, 'holdline_queue');
}

/**
 * The same database, with every connection put into `role` before its first statement. Set in the
 * start-up options, so that no code path can forget it and RESET ROLE leads back to it.
 */
export function urlAs(url: string, role: Role): string {
  const changed = new URL(url);
  const options = changed.searchParams.get('options');
  // Last, so that it wins over a role that the URL itself may name.
  changed.searchParams.set('options', `${options ? `${options} ` : ''}-c role=${role}`);
  return changed.toString();
}
