import {
  Problem,
  SOCKET_LIMIT,
  SOCKET_PROTOCOL,
  type AckFrame,
  type PublishFrame,
} from '#contracts';
import { requireCapability, type Principal } from '#access';
import type { EdgeContext } from '../../context.js';
import type { Exchange } from '../../exchange.js';
import { checkMember } from '../../groups/group-input.js';
import { settle } from '../../groups/settle.js';
import { leavePlaces } from '../../places.js';
import { checkPublisher, checkSizes, orderOf, store } from '../../publish.route.js';
import { foresee } from '../../publishing.js';
import { Outlet } from '../outlet.js';
import type { LiveStream } from '../stream-table.js';
import { asProblem } from '../../faults.js';
import { readFrame, type ClientFrame } from './frames.js';

import { SocketPresence } from './socket-presence.js';
import { Subscriptions } from './subscriptions.js';
import type { TellingSocket } from './telling-socket.js';

/** Bytes of answers that the client has not taken, and of frames being worked on, before its frames wait. */
const UNSENT_BYTES = 1024 * 1024;
const WORKING_BYTES = SOCKET_LIMIT.frameBytes;
/** Milliseconds for the client to take what is left and to answer the close. */
const CLOSING_MS = 5_000;
/** Frames in a row that cannot be understood before the connection is closed. */
const MAX_FAULTS = 10;

const FAULT = 'The frame could not be handled.';

/** Close codes of RFC 6455 and its registry. */
const CLOSE = { away: 1001, notUtf8: 1007, policy: 1008, tooBig: 1009, later: 1013 } as const;

/**
 * One WebSocket. Reads no further while the client leaves answers lying or too much of its work is under
 * way, so that neither can grow without bound.
 */
export class SocketConnection implements LiveStream {
  readonly principals: readonly Principal[];
  private readonly outlet: Outlet;
  private readonly subscriptions: Subscriptions;
  private readonly presence: SocketPresence;
  /** Frames that are being worked on, and their bytes. */
  private works = 0;
  private workingBytes = 0;
  private faults = 0;
  private ending: Problem | null = null;
  private closeCode: number | null = null;
  private closingAt: number | null = null;
  private isClosed = false;
  private heardAt: number;
  private pingedAt: number;

  constructor(
    private readonly context: EdgeContext,
    private readonly exchange: Exchange,
    private readonly principal: Principal,
    private readonly socket: TellingSocket,
  ) {
    this.principals = [principal];
    this.heardAt = this.pingedAt = context.clock.monotonic();
    const carrier = {
      write: (chunk: Buffer, isLast: boolean, taken: (fault?: Error | null) => void) =>
        socket.send(chunk, { binary: false, fin: isLast }, taken),
      cut: () => socket.terminate(),
    };
    this.outlet = new Outlet(carrier, context.clock, () => {
      this.subscriptions.resume();
      this.flow();
    });
    this.presence = new SocketPresence(context, principal);
    this.subscriptions = new Subscriptions(context, principal, this.outlet, (id, problem) => {
      // What ends the credential ends the connection.
      if (problem.status === 401) this.end(problem);
      else this.problem(id, problem);
    });
  }

  open(): void {
    const { socket } = this;
    socket.on('message', (data, isBinary) => this.take(data as Buffer, isBinary));
    socket.on('ping', () => this.heard());
    socket.on('pong', () => this.heard());
    // What is wrong with the client's bytes is told as `fault`.
    socket.on('error', () => {});
    socket.onFault = (code) => this.broken(code);
    socket.on('close', () => this.close());
    this.context.streams.add(this);
    this.send({
      type: 'hello',
      protocol: SOCKET_PROTOCOL,
      clientId: this.principal.clientId,
      heartbeat: SOCKET_LIMIT.heartbeatSeconds,
    });
  }

  tick(): void {
    const now = this.context.clock.monotonic();
    if (this.outlet.isStuck()) {
      this.subscriptions.end('cut');
      return this.socket.terminate();
    }
    this.subscriptions.tick();
    if (this.closingAt !== null && now - this.closingAt > CLOSING_MS) {
      return this.socket.terminate();
    }
    // Who is not being read cannot be heard.
    if (this.socket.isPaused) this.heardAt = now;
    if (now - this.pingedAt < SOCKET_LIMIT.heartbeatSeconds * 1000) return;
    if (this.heardAt < this.pingedAt) return this.socket.terminate();
    this.pingedAt = now;
    this.presence.renew();
    if (this.outlet.unsent === 0) this.socket.ping();
    else this.heardAt = now;
  }

  end(problem: Problem): void {
    if (this.ending || this.isClosed) return;
    this.ending = problem;
    this.subscriptions.end();
    this.flow();
    // What was taken on is still answered.
    if (this.works === 0) this.finish();
  }

  private take(data: Buffer, isBinary: boolean): void {
    this.heard();
    if (this.ending) return;
    const fault = this.context.streams.fault(this.principal);
    if (fault) return this.end(fault);
    if (isBinary) {
      this.fault(
        undefined,
        new Problem('invalid_request', 'Frames are text: send JSON in a text frame.'),
      );
    } else {
      const read = readFrame(data);
      if ('problem' in read) this.fault(read.id, read.problem);
      else {
        this.faults = 0;
        this.handle(read.frame, data.length);
      }
    }
    this.flow();
  }

  private handle(frame: ClientFrame, bytes: number): void {
    try {
      switch (frame.type) {
        case 'ping':
          return this.send({ type: 'pong', id: frame.id });
        case 'subscribe':
          return this.subscriptions.add(frame);
        case 'unsubscribe':
          this.subscriptions.remove(frame.id);
          return this.send({ type: 'unsubscribed', id: frame.id });
        case 'presence':
          return this.send(this.presence.take(frame));
        case 'publish':
          return void this.work(frame.id, bytes, () => this.publish(frame, bytes));
        case 'ack':
          return void this.work(frame.id, bytes, () => this.ack(frame));
      }
    } catch (error) {
      this.problem(frame.id, asProblem(error, FAULT));
    }
  }

  /** What takes time: its answer, or the problem, goes out when it is there. */
  private async work(
    id: string | undefined,
    bytes: number,
    job: () => Promise<object>,
  ): Promise<void> {
    this.works += 1;
    this.workingBytes += bytes;
    try {
      this.send(await job());
    } catch (error) {
      this.problem(id, asProblem(error, FAULT));
    }
    this.works -= 1;
    this.workingBytes -= bytes;
    if (this.ending && this.works === 0) this.finish();
    else this.flow();
  }

  private async publish({ id, channel, messages }: PublishFrame, bytes: number): Promise<object> {
    const { context } = this;
    const principal = context.streams.now(this.principal);
    requireCapability(principal, 'publish', channel);
    const rules = context.store.rules(principal.appId, channel);
    checkPublisher(principal, rules, channel);
    context.limits.request(principal);
    foresee(context, principal, channel);
    checkSizes(principal, messages, bytes, rules);
    const order = orderOf(principal, channel, messages, rules);
    const stored = await store(context, principal, order, bytes);
    return { type: 'published', id, channel, ...stored };
  }

  private async ack({ id, channel, group, ack, nack, extend }: AckFrame): Promise<object> {
    const { context, principal } = this;
    checkMember(principal, channel);
    const ref = { app: principal.appId, channel, group };
    const results = await settle(context, this.exchange, ref, { ack, nack, extend });
    this.subscriptions.settled(ref, results);
    return { type: 'acked', id, channel, group, results };
  }

  /** Bytes that are no WebSocket's, or too many of them: nothing that follows can be understood. */
  private broken(code: number): void {
    this.closeCode = code;
    this.end(brokenProblem(code));
  }

  /** A frame that cannot be understood. Who goes on sending such is no client of ours. */
  private fault(id: string | undefined, problem: Problem): void {
    this.problem(id, problem);
    this.faults += 1;
    if (this.faults < MAX_FAULTS) return;
    this.end(
      new Problem(
        'invalid_request',
        `${MAX_FAULTS} frames in a row could not be understood. Compare them with the documentation.`,
      ),
    );
  }

  private problem(id: string | undefined, problem: Problem): void {
    if (this.isClosed) return;
    const named = id === undefined ? '' : `"id":${JSON.stringify(id)},`;
    const text = JSON.stringify(this.exchange.report(problem));
    this.outlet.write(Buffer.from(`{"type":"problem",${named}"problem":${text}}`));
  }

  private send(frame: object): void {
    if (!this.isClosed) this.outlet.write(Buffer.from(JSON.stringify(frame)));
  }

  private heard(): void {
    this.heardAt = this.context.clock.monotonic();
    this.flow();
  }

  private flow(): void {
    if (this.isClosed) return;
    const mustWait =
      this.works >= SOCKET_LIMIT.publishes ||
      this.workingBytes > WORKING_BYTES ||
      this.outlet.unsent + this.socket.bufferedAmount > UNSENT_BYTES;
    // The end is answered by the client, so it has to be read.
    if (mustWait && !this.ending) this.socket.pause();
    else if (this.socket.isPaused) this.socket.resume();
  }

  private finish(): void {
    const problem = this.ending as Problem;
    if (this.isClosed) return;
    if (problem.code !== 'draining') this.problem(undefined, problem);
    const code = this.closeCode ?? closeCodeOf(problem);
    this.closingAt = this.context.clock.monotonic();
    this.outlet.finish(() => this.socket.close(code, problem.code));
  }

  private close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.subscriptions.end();
    this.presence.end();
    this.context.streams.delete(this);
    leavePlaces(this.context, [{ principal: this.principal, channels: [] }], 'stream');
  }
}

function closeCodeOf({ code, status }: Problem): number {
  if (code === 'draining') return CLOSE.away;
  return status === 503 ? CLOSE.later : CLOSE.policy;
}

function brokenProblem(code: number): Problem {
  const max = SOCKET_LIMIT.frameBytes;
  if (code === CLOSE.tooBig) {
    return new Problem(
      'message_too_large',
      `A frame has more than ${max} bytes. Send fewer messages in one frame, or store the bulk elsewhere and publish a reference.`,
      {
        limit: {
          name: 'socket_frame_bytes',
          scope: 'connection',
          max,
          used: max + 1,
          resetAt: null,
        },
      },
    );
  }
  return new Problem(
    'invalid_request',
    code === CLOSE.notUtf8
      ? 'A frame is not valid UTF-8. Send text as UTF-8.'
      : 'The bytes are not those of a WebSocket (RFC 6455): a frame out of order, unmasked or of an unknown kind. Let a WebSocket library write them.',
  );
}
