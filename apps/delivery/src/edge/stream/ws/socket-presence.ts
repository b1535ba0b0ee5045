import { Problem, SOCKET_LIMIT, type PresenceFrame } from '#contracts';
import type { Principal } from '#access';
import type { Attendance, PresenceEntry } from '#mediator';
import type { EdgeContext } from '../../context.js';
import { ownerOf } from '../../hold-owner.js';
import { checkClient, checkPresence, dataText } from '../../presence.route.js';

interface Kept {
  readonly entry: PresenceEntry;
  attendance: Attendance;
}

/** Whom one WebSocket keeps present: the connection is their poll, and its pings are the heartbeat. */
export class SocketPresence {
  private readonly kept = new Map<string, Kept>();

  constructor(
    private readonly context: EdgeContext,
    private readonly principal: Principal,
  ) {}

  /**
   * @returns the frame that answers.
   * @throws Problem forbidden, invalid_request, message_too_large, unavailable
   */
  take({ id, action, channel, clientId: named, data }: PresenceFrame): object {
    const { context, principal } = this;
    checkPresence(context, principal, channel);
    const clientId = named ?? principal.clientId;
    if (clientId === null) {
      throw new Problem(
        'invalid_request',
        'An API key, or a token without a clientId, is nobody: name whom the frame is about in `clientId`.',
      );
    }
    checkClient(principal, clientId);
    // No name holds a control character, so the pair is unambiguous.
    const key = `${channel}\u0000${clientId}`;
    const before = this.kept.get(key);
    if (action === 'leave') {
      before?.attendance.end(false);
      this.kept.delete(key);
      context.presence.leave(principal.appId, channel, clientId);
      return { type: 'left', id, channel, clientId };
    }
    const max = SOCKET_LIMIT.members;
    if (!before && this.kept.size >= max) {
      throw new Problem(
        'invalid_request',
        `One WebSocket keeps ${max} members present, and has as many. Let some leave, or open another.`,
        {
          limit: {
            name: 'socket_members',
            scope: 'connection',
            max,
            used: this.kept.size,
            resetAt: null,
          },
        },
      );
    }
    const text = dataText(data, 'data');
    const entry = { owner: ownerOf(principal), channel, clientId, data: text };
    const attendance = context.presence.attend([entry]);
    before?.attendance.end(false);
    this.kept.set(key, { entry, attendance });
    return { type: 'entered', id, channel, clientId };
  }

  /** Still there, as the next poll would say: also those whom somebody else has let leave meanwhile. */
  renew(): void {
    for (const kept of this.kept.values()) {
      try {
        const attendance = this.context.presence.attend([kept.entry]);
        kept.attendance.end(false);
        kept.attendance = attendance;
      } catch {
        // There is no room for it now; the next heartbeat tries again.
      }
    }
  }

  end(): void {
    for (const { attendance } of this.kept.values()) attendance.end(false);
    this.kept.clear();
  }
}
