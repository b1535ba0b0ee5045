import type { ChannelList } from './channel-list.js';

/**
 * A reader's place in each channel of a list, with the text that says so. Readers at the same place
 * share one object, by which their group of holds and their answers are found.
 */
export class Cursor {
  constructor(
    readonly text: string,
    readonly list: ChannelList,
    /** These run parallel to the list's channels. */
    readonly positions: readonly number[],
    readonly epochs: readonly string[],
    /** Indices sorted by position, then tag: the order in the text. */
    readonly order: readonly number[],
  ) {}
}
