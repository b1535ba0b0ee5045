import { connect, createServer, type Server, type Socket } from 'node:net';

/** What the path between client and server does to the bytes. */
export interface TcpProxy {
  readonly url: string;
  /** Milliseconds that each chunk is held back, both ways. */
  delayMs: number;
  /** Connections that are open now. */
  open(): number;
  /** Resets every connection, as a router that restarts does. */
  cut(): void;
  /** Swallows everything from now on and says nothing: both ends think the connection lives. */
  halfOpen(): void;
  /** Asked for each connection: after how many bytes from the server it is reset; undefined: never. */
  cutAfterBytes: () => number | undefined;
  /** Milliseconds without a byte after which a connection is reset, as a proxy's idle time does; 0: never. */
  cutIdleMs: number;
  /** Connections that were reset for it while somebody waited for an answer. */
  readonly idleCuts: number;
  /** Passes an answer on only when all of it is there, as a proxy does that gathers what it passes. */
  buffersAll: boolean;
  close(): Promise<void>;
}

/** A proxy on a free port of the loopback that passes bytes on to `target` (an http URL). */
export async function startTcpProxy(target: string): Promise<TcpProxy> {
  const { hostname, port } = new URL(target);
  const pairs = new Set<readonly [Socket, Socket]>();
  let swallowing = false;
  let idleCuts = 0;

  const server: Server = createServer({ noDelay: true }, (near) => {
    const far = connect({ host: hostname, port: Number(port), noDelay: true });
    const pair = [near, far] as const;
    pairs.add(pair);
    let budget = proxy.cutAfterBytes();
    let isAsked = false;
    const gathered = proxy.buffersAll ? new WholeAnswers() : null;
    if (proxy.cutIdleMs > 0) {
      far.setTimeout(proxy.cutIdleMs, () => {
        if (!pairs.has(pair)) return;
        if (isAsked) idleCuts += 1;
        drop(pair);
      });
    }
    const pass = (from: Socket, to: Socket) => {
      from.on('data', (chunk: Buffer) => {
        if (swallowing) return;
        isAsked = from === near;
        let bytes = from === far && gathered ? gathered.take(chunk) : chunk;
        if (bytes.length === 0) return;
        if (from === far && budget !== undefined) {
          bytes = bytes.subarray(0, budget);
          budget -= bytes.length;
        }
        const write = () => {
          if (to.writable) to.write(bytes);
          if (budget === 0) drop(pair);
        };
        if (proxy.delayMs > 0) setTimeout(write, proxy.delayMs);
        else write();
      });
      from.on('end', () => swallowing || to.end());
      from.on('error', () => drop(pair));
      from.on('close', () => swallowing || drop(pair));
    };
    pass(near, far);
    pass(far, near);
  });

  const drop = (pair: readonly [Socket, Socket]) => {
    pairs.delete(pair);
    for (const socket of pair) socket.resetAndDestroy();
  };
  const proxy: TcpProxy = {
    url: '',
    delayMs: 0,
    cutAfterBytes: () => undefined,
    cutIdleMs: 0,
    buffersAll: false,
    get idleCuts() {
      return idleCuts;
    },
    open: () => pairs.size,
    cut: () => [...pairs].forEach(drop),
    halfOpen: () => (swallowing = true),
    close: () => {
      proxy.cut();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return Object.assign(proxy, {
    url: `http://127.0.0.1:${(server.address() as { port: number }).port}`,
  });
}

/** The answers of one connection, each handed on when it is whole. */
class WholeAnswers {
  private held = Buffer.alloc(0);

  take(chunk: Buffer): Buffer {
    this.held = Buffer.concat([this.held, chunk]);
    let whole = 0;
    for (let end = wholeAnswer(this.held, 0); end > 0; end = wholeAnswer(this.held, end)) {
      whole = end;
    }
    const answers = this.held.subarray(0, whole);
    this.held = this.held.subarray(whole);
    return answers;
  }
}

/** Where the HTTP/1.1 answer that begins at `from` ends; 0: not all of it is there. */
function wholeAnswer(bytes: Buffer, from: number): number {
  const body = bytes.indexOf('\r\n\r\n', from) + 4;
  if (body < 4) return 0;
  const head = bytes.toString('latin1', from, body);
  if (/\r\ntransfer-encoding: *chunked/i.test(head)) {
    const last = bytes.indexOf('\r\n0\r\n\r\n', body - 2);
    return last < 0 ? 0 : last + 7;
  }
  const length = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? 0);
  return body + length <= bytes.length ? body + length : 0;
}
