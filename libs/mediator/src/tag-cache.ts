import type { CursorCodec } from './cursor-codec.js';
import { RecentMap } from './recent-map.js';

const CHANNELS = 8192;
const APPS = 1024;

/** The keyed hashes of channels that are published to without anybody holding on them. */
export class TagCache {
  private readonly channels = new RecentMap<string>(CHANNELS);
  private readonly apps = new RecentMap<string>(APPS);

  constructor(private readonly codec: CursorCodec) {}

  app(app: string): string {
    let tag = this.apps.get(app);
    if (tag === undefined) this.apps.set(app, (tag = this.codec.appTag(app)));
    return tag;
  }

  channel(app: string, name: string): string {
    const key = `${app.length}:${app}${name}`;
    let tag = this.channels.get(key);
    if (tag === undefined) this.channels.set(key, (tag = this.codec.channelTag(app, name)));
    return tag;
  }
}
