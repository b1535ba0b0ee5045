import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** A door before the database: open, shut (connections refused) or silent (they are taken, and nothing comes). */
export class DatabaseGate {
  private server: Server | null = null;
  private port = 0;
  private silent = false;
  private readonly sockets = new Set<Socket>();

  private constructor(private readonly target: URL) {}

  static async before(url: string): Promise<DatabaseGate> {
    const gate = new DatabaseGate(new URL(url));
    await gate.open();
    return gate;
  }

  get url(): string {
    const url = new URL(this.target);
    url.port = String(this.port);
    return url.href;
  }

  /** On the same port as before. */
  async open(): Promise<void> {
    this.drop();
    this.silent = false;
    if (this.server) return;
    this.server = createServer((client) => this.pass(client)).listen(this.port, '127.0.0.1');
    await once(this.server, 'listening');
    this.port = (this.server.address() as { port: number }).port;
  }

  async shut(): Promise<void> {
    const { server } = this;
    this.server = null;
    this.drop();
    if (!server) return;
    server.close();
    await once(server, 'close');
  }

  /** As when the network swallows everything: nobody is told that the other end is gone. */
  silence(): void {
    this.silent = true;
    for (const socket of this.sockets) socket.pause();
  }

  private pass(client: Socket): void {
    this.keep(client);
    if (this.silent) return void client.pause();
    const server = connect(Number(this.target.port), this.target.hostname);
    this.keep(server);
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      from.on('data', (bytes: Buffer) => {
        if (!this.silent) to.write(bytes);
      });
      from.on('close', () => to.destroy());
    }
  }

  private keep(socket: Socket): void {
    this.sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => this.sockets.delete(socket));
  }

  private drop(): void {
    for (const socket of this.sockets) socket.destroy();
  }
}
