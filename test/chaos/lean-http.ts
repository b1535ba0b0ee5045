import { Agent, request } from 'node:http';

export interface LeanReply {
  readonly status: number;
  readonly body: Buffer;
}

/** When to give a request up on purpose, as a client that loses its network does. */
export interface Drop {
  /** Milliseconds after sending. */
  readonly afterMs?: number;
  /** As soon as this many bytes of the body have come, if it is longer. */
  readonly afterBytes?: number;
}

/** One client's connection: kept alive, reused, and nothing done twice. */
export class LeanHttp {
  private readonly agent = new Agent({ keepAlive: true, maxSockets: 1 });

  constructor(
    private readonly url: string,
    private readonly key: string,
  ) {}

  /** @throws Error when the connection failed or was dropped: whether the server acted is then unknown. */
  ask(method: string, path: string, body?: string, drop: Drop = {}): Promise<LeanReply> {
    return new Promise((resolve, reject) => {
      const headers: Record<string, string> = { authorization: `Bearer ${this.key}` };
      if (body !== undefined) {
        headers['content-type'] = 'application/json';
        headers['content-length'] = String(Buffer.byteLength(body));
      }
      const outgoing = request(
        this.url + path,
        { method, headers, agent: this.agent },
        (incoming) => {
          const chunks: Buffer[] = [];
          let bytes = 0;
          incoming.on('data', (chunk: Buffer) => {
            chunks.push(chunk);
            bytes += chunk.length;
            if (drop.afterBytes !== undefined && bytes > drop.afterBytes) giveUp();
          });
          incoming.on('error', reject);
          incoming.on('aborted', () =>
            reject(new Error('The connection was lost in the middle of an answer.')),
          );
          incoming.on('end', () => {
            clearTimeout(timer);
            resolve({ status: incoming.statusCode ?? 0, body: Buffer.concat(chunks) });
          });
        },
      );
      const giveUp = () => {
        reject(new Error('Dropped on purpose.'));
        outgoing.destroy();
      };
      const timer = drop.afterMs === undefined ? undefined : setTimeout(giveUp, drop.afterMs);
      outgoing.on('error', (error) => {
        clearTimeout(timer);
        reject(error);
      });
      outgoing.end(body);
    });
  }

  close(): void {
    this.agent.destroy();
  }
}
