import type { AccessStore, Authenticator } from '#access';
import type { Clock, Mediator } from '#mediator';
import type { HoldLimits } from './hold-limits.js';
import type { PublishRate } from './publish-rate.js';
import type { ReceivePlans } from './receive-plan.js';

/** What the routes work with; wired once in the module. */
export interface EdgeContext {
  readonly authenticator: Authenticator;
  readonly store: AccessStore;
  readonly mediator: Mediator;
  readonly holdLimits: HoldLimits;
  readonly publishRate: PublishRate;
  readonly plans: ReceivePlans;
  readonly clock: Clock;
  /** Where the docs are, for the `type` of a problem inside an answer. */
  readonly docs: string;
  readonly newId: () => string;
  /** True once the first configuration has arrived: before that nobody can be recognised. */
  readonly isConfigured: () => boolean;
}
