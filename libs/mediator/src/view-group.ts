import type { Problem } from '#contracts';
import type { ChannelList } from './channel-list.js';
import { HoldGroup } from './hold-group.js';
import type { GroupKeeper, StandIn } from './hold-group.js';
import type { Answer, Hold, Receiver } from './types.js';
import type { Progress } from './view-progress.js';
import type { View } from './view.js';

/** What a group asks of the view table. */
export interface ViewGroupKeeper {
  found(group: ViewGroup, answer: Answer): void;
  failed(group: ViewGroup, problem: Problem): void;
  retry(group: HoldGroup): void;
}

/**
 * Holds with one view at one place. `busy`: an answer is on its way and need only be waited for; else
 * the group holds, or gathers.
 */
export class ViewGroup extends HoldGroup {
  /** null as long as it is being found out where these holds begin. */
  progress: Progress | null = null;
  /** Gathering: `open` from the first message until the window's deadline, then `over`. */
  window: 'shut' | 'open' | 'over' = 'shut';
  /** Contents looked through in vain without a rest. */
  rounds = 0;
  private asked: Ask | null = null;

  constructor(
    readonly view: View,
    list: ChannelList,
    private readonly views: ViewGroupKeeper,
  ) {
    super(list, asKeeper(views));
  }

  /** Asks the hold table in place of what was asked before; it may answer before this returns. */
  ask(enter: (inner: Receiver) => Hold): void {
    this.forgetAsk();
    const ask = new Ask(this);
    this.asked = ask;
    ask.hold = enter(ask);
  }

  forgetAsk(): void {
    const { asked } = this;
    this.asked = null;
    asked?.hold?.cancel();
  }

  /** Only what was asked last counts. */
  told(ask: Ask, answer: Answer): void {
    if (this.asked !== ask) return;
    this.asked = null;
    this.views.found(this, answer);
  }

  refused(ask: Ask, problem: Problem): void {
    if (this.asked !== ask) return;
    this.asked = null;
    this.views.failed(this, problem);
  }
}

/** A group's end of its one hold. */
class Ask implements StandIn {
  hold: Hold | null = null;

  constructor(private readonly group: ViewGroup) {}

  get holds(): number {
    return this.group.size;
  }

  answer(answer: Answer): void {
    this.group.told(this, answer);
  }

  refuse(problem: Problem): void {
    this.group.refused(this, problem);
  }
}

/** Of a group's events only its deadline is used here: it does not listen to channels itself. */
function asKeeper(views: ViewGroupKeeper): GroupKeeper {
  return { stir: () => {}, retry: (group) => views.retry(group) };
}
