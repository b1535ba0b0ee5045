import { createServer, request, type Server } from 'node:http';

/** A proxy between client and server that hands an answer on when it is whole, and not before. */
export interface GatheringProxy {
  readonly url: string;
  /** True: gathers, as many a company's proxy does. False: passes bytes on as they come. */
  isGathering: boolean;
  /** Streams asked for by this way so far. */
  readonly streamsAsked: number;
  close(): Promise<void>;
}

/** On a free port of the loopback, in front of `target` (an http URL). */
export async function startGatheringProxy(target: string): Promise<GatheringProxy> {
  let streamsAsked = 0;
  const server: Server = createServer((incoming, outgoing) => {
    const isStream = incoming.headers.accept === 'application/x-ndjson';
    if (isStream) streamsAsked++;
    const { method, headers } = incoming;
    const onward = request(target + incoming.url, { method, headers, agent: false }, (answer) => {
      const head = (): void => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      };
      if (!proxy.isGathering) {
        head();
        outgoing.flushHeaders();
        answer.pipe(outgoing);
        return;
      }
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('end', () => {
        head();
        outgoing.end(Buffer.concat(chunks));
      });
    });
    onward.on('error', () => outgoing.destroy());
    outgoing.on('close', () => onward.destroy());
    incoming.pipe(onward);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const proxy = {
    url: `http://127.0.0.1:${(server.address() as { port: number }).port}`,
    isGathering: true,
    get streamsAsked() {
      return streamsAsked;
    },
    close: (): Promise<void> => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
  return proxy;
}
