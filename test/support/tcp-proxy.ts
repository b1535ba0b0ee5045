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
  /** Connections that were reset for it. */
  readonly idleCuts: number;
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
    if (proxy.cutIdleMs > 0) {
      far.setTimeout(proxy.cutIdleMs, () => {
        if (!pairs.has(pair)) return;
        idleCuts += 1;
        drop(pair);
      });
    }
    const pass = (from: Socket, to: Socket) => {
      from.on('data', (chunk: Buffer) => {
        if (swallowing) return;
        let bytes = chunk;
        if (from === far && budget !== undefined) {
          bytes = chunk.subarray(0, budget);
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
