import { Problem, SOCKET_LIMIT, SOCKET_PROTOCOL, type PublishFrame } from '#contracts';
import { requireCapability, type Principal } from '#access';
import type { WebSocket } from 'ws';
import type { EdgeContext } from '../../context.js';
import type { Exchange } from '../../exchange.js';
import { checkPublisher, checkSizes, store } from '../../publish.route.js';
import { Outlet } from '../outlet.js';
import type { LiveStream } from '../stream-table.js';
import { readFrame, type ClientFrame } from './frames.js';
import { Subscriptions } from './subscriptions.js';

/** Bytes of answers that the client has not taken, and of publishes under way, before its frames wait. */
const UNSENT_BYTES = 1024 * 1024;
const PUBLISHING_BYTES = 4 * 1024 * 1024;
/** Milliseconds for the client to take what is left and to answer the close. */
const CLOSING_MS = 5_000;
/** Frames in a row that cannot be understood before the connection is closed. */
const MAX_FAULTS = 10;

/** Close codes of RFC 6455 and its registry. */
const CLOSE = { away: 1001, policy: 1008, later: 1013 } as const;

/**
 * One WebSocket. Reads no further while the client leaves answers lying or too many publishes are under
 * way, so that neither can grow without bound.
 */
export class SocketConnection implements LiveStream {
  private readonly outlet: Outlet;
  private readonly subscriptions: Subscriptions;
  private publishes = 0;
  private publishingBytes = 0;
  private faults = 0;
  private ending: Problem | null = null;
  private closingAt: number | null = null;
  private isClosed = false;
  private heardAt: number;
  private pingedAt: number;

  constructor(
    private readonly context: EdgeContext,
    private readonly exchange: Exchange,
    readonly principal: Principal,
    private readonly socket: WebSocket,
  ) {
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
    // What is wrong with the client's bytes: the library has closed the connection with the code for it.
    socket.on('error', () => {});
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
    if (this.outlet.isStuck()) return this.socket.terminate();
    if (this.closingAt !== null && now - this.closingAt > CLOSING_MS) {
      return this.socket.terminate();
    }
    // Who is not being read cannot be heard.
    if (this.socket.isPaused) this.heardAt = now;
    if (now - this.pingedAt < SOCKET_LIMIT.heartbeatSeconds * 1000) return;
    if (this.heardAt < this.pingedAt) return this.socket.terminate();
    this.pingedAt = now;
    if (this.outlet.unsent === 0) this.socket.ping();
    else this.heardAt = now;
  }

  end(problem: Problem): void {
    if (this.ending || this.isClosed) return;
    this.ending = problem;
    this.subscriptions.end();
    this.flow();
    // What was taken on is still answered.
    if (this.publishes === 0) this.finish();
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
        case 'publish':
          void this.publish(frame, bytes);
      }
    } catch (error) {
      this.problem(frame.id, asProblem(error));
    }
  }

  private async publish({ id, channel, messages }: PublishFrame, bytes: number): Promise<void> {
    this.publishes += 1;
    this.publishingBytes += bytes;
    try {
      const { context, principal } = this;
      requireCapability(principal, 'publish', channel);
      const rules = context.store.rules(principal.appId, channel);
      checkPublisher(principal, rules, channel);
      if (bytes > rules.maxMessageBytes) checkSizes(messages, rules.maxMessageBytes);
      const stored = await store(context, principal, channel, messages);
      this.send({ type: 'published', id, channel, ...stored });
    } catch (error) {
      this.problem(id, asProblem(error));
    }
    this.publishes -= 1;
    this.publishingBytes -= bytes;
    if (this.ending && this.publishes === 0) this.finish();
    else this.flow();
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
    const { text } = this.exchange.report(problem);
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
      this.publishes >= SOCKET_LIMIT.publishes ||
      this.publishingBytes > PUBLISHING_BYTES ||
      this.outlet.unsent + this.socket.bufferedAmount > UNSENT_BYTES;
    // The end is answered by the client, so it has to be read.
    if (mustWait && !this.ending) this.socket.pause();
    else if (this.socket.isPaused) this.socket.resume();
  }

  private finish(): void {
    const problem = this.ending as Problem;
    if (this.isClosed) return;
    if (problem.code !== 'draining') this.problem(undefined, problem);
    const code =
      problem.code === 'draining'
        ? CLOSE.away
        : problem.status === 503
          ? CLOSE.later
          : CLOSE.policy;
    this.closingAt = this.context.clock.monotonic();
    this.outlet.finish(() => this.socket.close(code, problem.code));
  }

  private close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.subscriptions.end();
    this.context.streams.delete(this);
    this.context.holdLimits.release(this.principal);
  }
}

function asProblem(error: unknown): Problem {
  return error instanceof Problem
    ? error
    : new Problem('internal', 'The frame could not be handled.', {}, error);
}
