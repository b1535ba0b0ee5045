import type { AccessStore, Authenticator } from '#access';
import type { Limits } from '#limits';
import type { Clock, Mediator, Presence } from '#mediator';
import type { LinkBook } from './direct/link-book.js';
import type { PathHolds } from './path-holds.js';
import type { ReceivePlans } from './receive-plan.js';
import type { Traces } from '../trace/traces.js';
import type { KeyUseBook } from '../key-use/key-use-book.js';
import type { UsageMeter } from '../usage/usage-meter.js';
import type { StreamTable } from './stream/stream-table.js';

/** What the routes work with; wired once in the module. */
export interface EdgeContext {
  readonly authenticator: Authenticator;
  readonly store: AccessStore;
  readonly mediator: Mediator;
  readonly presence: Presence;
  readonly links: LinkBook;
  readonly limits: Limits;
  readonly usage: UsageMeter;
  readonly keyUse: KeyUseBook;
  readonly traces: Traces;
  readonly plans: ReceivePlans;
  readonly paths: PathHolds;
  readonly streams: StreamTable;
  readonly clock: Clock;
  readonly newId: () => string;
  /** True once the first configuration has arrived: before that nobody can be recognised. */
  readonly isConfigured: () => boolean;
}
