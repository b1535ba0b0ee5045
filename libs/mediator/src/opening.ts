import { LIMIT } from '#contracts';
import type { From } from '#contracts';
import type { ChannelList } from './channel-list.js';
import type { Cursor } from './cursor.js';
import type { CursorBook, KnownPlace } from './cursor-book.js';
import type { Start, StartingPoints } from './starting-point.js';

export interface Opened {
  readonly cursor: Cursor;
  /** For each channel, what was read on the way to finding where it begins. */
  readonly starts: readonly (Start | null)[] | null;
}

/**
 * A poll that does not say (for each channel, as a cursor does) where it begins. `now` means the moment
 * it came: what a channel's end is then is noted at once, or asked for before anything else happens.
 */
export class Opening {
  private readonly places: (KnownPlace | null)[];
  private readonly heard: readonly number[];
  private readonly syncing: readonly Promise<void>[];

  constructor(
    readonly list: ChannelList,
    known: readonly (KnownPlace | null)[] | null,
    private readonly from: From,
    private readonly limit: number,
    private readonly book: CursorBook,
    private readonly points: StartingPoints,
  ) {
    const isNow = known !== null || from.kind === 'now';
    this.heard = list.channels.map((channel) => channel.heard);
    this.places = list.channels.map((channel, i) => {
      if (known?.[i]) return known[i];
      // `from` says where messages begin; who is present before now is listed, and not told again.
      return (isNow || list.isPresence?.[i]) && channel.synced
        ? { epoch: channel.epoch, position: channel.tail }
        : null;
    });
    this.syncing = list.channels
      .filter((channel) => !channel.synced)
      .map((channel) => channel.sync());
    if (isNow) this.from = { kind: 'now' };
  }

  /** The cursor, if no engine need be asked for it. */
  get immediate(): Cursor | null {
    if (this.places.includes(null)) return null;
    return this.sign(this.places as KnownPlace[]);
  }

  /** Rejects if the engine fails. */
  async resolve(): Promise<Opened> {
    await Promise.all(this.syncing);
    const { from } = this;
    if (from.kind === 'now') {
      return { cursor: this.sign(this.list.channels.map((_, i) => this.now(i))), starts: null };
    }
    const share = {
      messages: this.limit,
      bytes: Math.ceil(LIMIT.answerBytes / this.list.channels.length),
    };
    const starts: (Start | null)[] = [];
    for (let i = 0; i < this.list.channels.length; i += AT_ONCE) {
      const slice = this.list.channels.slice(i, i + AT_ONCE);
      const found = await Promise.all(
        slice.map((channel, k): Promise<Start | null> =>
          this.list.isPresence?.[i + k]
            ? Promise.resolve(null)
            : this.points.find(channel, from, share),
        ),
      );
      starts.push(...found);
    }
    return { cursor: this.sign(starts.map((start, i) => start?.place ?? this.now(i))), starts };
  }

  private now(i: number): KnownPlace {
    const channel = this.list.channels[i]!;
    // What a wake had told of when the poll came was before it, though the tail was older.
    const position = Math.max(channel.joinedAt, this.heard[i]!);
    return this.places[i] ?? { epoch: channel.epoch, position };
  }

  private sign(places: readonly KnownPlace[]): Cursor {
    const positions = places.map((place) => place.position);
    const epochs = places.map((place) => place.epoch);
    return this.book.at(this.list, positions, epochs);
  }
}

const AT_ONCE = 16;
