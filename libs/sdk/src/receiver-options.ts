import type { Clock } from './clock.js';
import type { HoldlineError } from './errors.js';
import type { PathChoice } from './path-choice.js';
import type { Session } from './session.js';
import type { Source } from './source.js';
import type { Gap } from './types.js';

/** Where receiving stands. */
export type State =
  | { readonly state: 'idle' | 'connecting' | 'live' }
  | { readonly state: 'waiting'; readonly reason: HoldlineError; readonly retryInMs: number }
  | { readonly state: 'closed'; readonly reason: HoldlineError | null };

export interface ReceiverOptions {
  readonly session: Session;
  readonly source: Source;
  readonly path: PathChoice;
  readonly clock: Clock;
  readonly random: () => number;
  /** Seconds. */
  readonly hold: number;
  readonly cursor: string | null;
  /** What it asks for is its subscribers' own affair: a refusal of it ends them, and not the client. */
  readonly isApart: boolean;
  onState(state: State): void;
  onGap(gap: Gap): void;
  /** @param channel set when only that channel is concerned. */
  onError(error: unknown, channel?: string): void;
}
