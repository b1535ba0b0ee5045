import { factsOf } from './message-facts.js';
import type { Outgoing } from './message-text.js';
import { RecentMap } from './recent-map.js';
import type { ReceiveView } from './types.js';
import type { Content, Piece } from './view-findings.js';

/** What becomes of each message of a piece, as numbers in a small array. */
export const KEPT = 0;
export const FILTERED = 1;
export const CONFLATED = 2;

/** What a view makes of a piece: one mark for each of its messages. */
export interface Choice {
  readonly marks: Uint8Array;
  readonly kept: number;
}

const VIEWS_KEPT = 4096;

/**
 * What some readers want to see of their channels, and how it is to come. Readers that ask for the same
 * share one, and with it every decision about a message and every answer.
 */
export class View {
  readonly windowMs: number;
  readonly filters: boolean;
  readonly conflates: boolean;
  private readonly names: Patterns | null;
  private readonly headers: readonly (readonly [string, Patterns])[];
  private readonly conflate: string | null;
  private readonly choices = new WeakMap<Content, readonly Choice[]>();

  constructor(wanted: ReceiveView) {
    this.names = wanted.names ? new Patterns(wanted.names) : null;
    this.headers = Object.entries(wanted.headers ?? {}).map(
      ([key, values]) => [key, new Patterns(values)] as const,
    );
    this.conflate = wanted.conflate;
    this.windowMs = wanted.windowMs;
    this.filters = this.names !== null || this.headers.length > 0;
    this.conflates = wanted.conflate !== null;
  }

  /** Decided once for everybody who has this view, however they came there. */
  choose(content: Content): readonly Choice[] {
    let choices = this.choices.get(content);
    if (!choices) {
      choices = content.pieces.map((piece) => this.chooseOf(piece));
      this.choices.set(content, choices);
    }
    return choices;
  }

  private chooseOf({ messages }: Piece): Choice {
    const marks = new Uint8Array(messages.length);
    const newer = new Set<string>();
    let kept = 0;
    // From the newest back, so that the first one met of each value is the one that stays.
    for (let i = messages.length - 1; i >= 0; i--) {
      const message = messages[i]!;
      if (!this.admits(message)) marks[i] = FILTERED;
      else if (this.isOutdated(message, newer)) marks[i] = CONFLATED;
      else kept += 1;
    }
    return { marks, kept };
  }

  private admits(message: Outgoing): boolean {
    if (!this.filters) return true;
    const facts = factsOf(message);
    if (!facts.isMessage) return true;
    if (this.names && !this.names.match(facts.name)) return false;
    for (const [key, values] of this.headers) if (!values.match(facts.header(key))) return false;
    return true;
  }

  private isOutdated(message: Outgoing, newer: Set<string>): boolean {
    if (this.conflate === null) return false;
    const facts = factsOf(message);
    const value = facts.isMessage ? facts.header(this.conflate) : undefined;
    if (value === undefined) return false;
    if (newer.has(value)) return true;
    newer.add(value);
    return false;
  }
}

/** Literals, and beginnings that end in `*`. What is not there at all matches none. */
class Patterns {
  private readonly literals = new Set<string>();
  private readonly beginnings: string[] = [];

  constructor(patterns: readonly string[]) {
    for (const pattern of patterns) {
      if (pattern.endsWith('*')) this.beginnings.push(pattern.slice(0, -1));
      else this.literals.add(pattern);
    }
  }

  match(text: string | undefined): boolean {
    if (text === undefined) return false;
    return this.literals.has(text) || this.beginnings.some((start) => text.startsWith(start));
  }
}

/** The views in use: the same wish is the same object, or nothing would be shared. */
export class Views {
  private readonly known = new RecentMap<View>(VIEWS_KEPT);

  of(wanted: ReceiveView): View {
    let view = this.known.get(wanted.key);
    if (!view) this.known.set(wanted.key, (view = new View(wanted)));
    return view;
  }
}
