import type { ChannelList } from './channel-list.js';
import { Cursor } from './cursor.js';
import type { CursorCodec } from './cursor-codec.js';
import { foreignCursor } from './problems.js';
import { RecentMap } from './recent-map.js';
import type { TagCache } from './tag-cache.js';

/** A place that a cursor names for a channel; null: the cursor does not know the channel. */
export interface KnownPlace {
  readonly epoch: string;
  readonly position: number;
}

/** Signs, reads and remembers cursors: the usual poll brings one back that this node just gave out. */
export class CursorBook {
  private readonly recent: RecentMap<Cursor>;
  /** The newest cursor of a list: the next one asked for is usually the same. */
  private readonly newest = new WeakMap<ChannelList, Cursor>();

  constructor(
    private readonly codec: CursorCodec,
    private readonly tags: TagCache,
    capacity: number,
  ) {
    this.recent = new RecentMap(capacity, (cursor) => 1 + cursor.positions.length / 16);
  }

  /** The cursor of a text, if this node knows it and its channels are still at hand. */
  known(text: string): Cursor | undefined {
    const cursor = this.recent.get(text);
    return cursor?.list.closed ? undefined : cursor;
  }

  /** The cursor of a text that was given out here for just this list. */
  find(text: string, list: ChannelList): Cursor {
    const found = this.known(text) ?? this.open(text, list);
    if (!(found instanceof Cursor)) throw foreignCursor();
    return found;
  }

  /**
   * What a text says about a list's channels: the cursor itself if it names exactly those, else a
   * place for each that it knows. Throws `invalid_cursor` for a text that was not signed here, or
   * for none of the apps that are asked for.
   */
  open(text: string, list: ChannelList): Cursor | readonly (KnownPlace | null)[] {
    const content = this.codec.decode(text);
    if (!content || !content.apps.some((app) => list.appTags.includes(app))) throw foreignCursor();
    const index = new Map(content.tags.map((tag, i) => [tag, i]));
    const places = list.channels.map((channel): KnownPlace | null => {
      const i = index.get(channel.tag);
      if (i === undefined) return null;
      const epoch = content.epochs[i]!;
      // One object for equal texts makes the comparisons on the way of every message short.
      return {
        epoch: epoch === channel.epoch ? channel.epoch : epoch,
        position: content.positions[i]!,
      };
    });
    if (content.tags.length !== list.channels.length || places.includes(null)) return places;
    const positions = places.map((place) => place!.position);
    const epochs = places.map((place) => place!.epoch);
    const cursor = new Cursor(text, list, positions, epochs, orderOf(list, positions));
    this.recent.set(text, cursor);
    return cursor;
  }

  /** The cursor of a place. `near`: one of the same list from which this place was reached. */
  at(
    list: ChannelList,
    positions: readonly number[],
    epochs: readonly string[],
    near: Cursor | null = null,
  ): Cursor {
    const newest = this.newest.get(list);
    if (newest && sameItems(newest.positions, positions) && sameItems(newest.epochs, epochs)) {
      return newest;
    }
    const order = orderOf(list, positions, near?.order);
    const tags = list.channels.map((channel) => channel.tag);
    const text = this.codec.encode(list.appTags, tags, positions, epochs, order);
    const cursor = new Cursor(text, list, positions, epochs, order);
    this.recent.set(text, cursor);
    this.newest.set(list, cursor);
    return cursor;
  }

  /** The text alone of a place that is not expected back soon. */
  textAt(list: ChannelList, positions: readonly number[], epochs: readonly string[]): string {
    const tags = list.channels.map((channel) => channel.tag);
    return this.codec.encode(list.appTags, tags, positions, epochs, orderOf(list, positions));
  }

  /** The text alone, for one channel that nobody may be holding on. */
  text(app: string, channel: string, epoch: string, position: number): string {
    const tag = this.tags.channel(app, channel);
    return this.codec.encode([this.tags.app(app)], [tag], [position], [epoch], ONLY);
  }
}

const ONLY: readonly number[] = [0];

function sameItems<T>(a: readonly T[], b: readonly T[]): boolean {
  if (a === b) return true;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return a.length === b.length;
}

/**
 * Insertion sort: from one cursor to the next only the channels with news move, and mostly to the
 * end, so that starting from the order before costs one pass.
 */
function orderOf(
  list: ChannelList,
  positions: readonly number[],
  near: readonly number[] = list.channels.map((_, i) => i),
): readonly number[] {
  if (positions.length === 1) return ONLY;
  const order = near.slice();
  const { channels } = list;
  for (let i = 1; i < order.length; i++) {
    const moving = order[i]!;
    const position = positions[moving]!;
    let to = i;
    while (to > 0) {
      const left = order[to - 1]!;
      if (
        positions[left]! < position ||
        (positions[left] === position && channels[left]!.tag < channels[moving]!.tag)
      ) {
        break;
      }
      order[to] = left;
      to -= 1;
    }
    order[to] = moving;
  }
  return order;
}
