import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';
import { eventually } from '../support/eventually.js';
import { SOON_MS, type World } from './world.js';

export interface ReceivedEvent {
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** The provider's own server for webhooks: believes what an independent verifier says is signed, once an id. */
export class WebhookReceiver {
  readonly refused: string[] = [];
  private readonly events = new Map<string, ReceivedEvent>();
  private readonly server: Server;
  private secret = '';

  constructor(private readonly world: World) {
    this.server = createServer((request, response) => void this.take(request, response));
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/holdline`;
  }

  trust(secret: string): void {
    this.secret = secret;
  }

  /** The first event of the type that the check likes, as soon as it is there. */
  next(
    type: string,
    isIt: (data: ReceivedEvent['data']) => boolean = () => true,
  ): Promise<ReceivedEvent> {
    return eventually(`the webhook ${type} arrives`, SOON_MS, () =>
      [...this.events.values()].find((event) => event.type === type && isIt(event.data)),
    );
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = '';
    for await (const piece of request.setEncoding('utf8')) body += String(piece);
    try {
      const event = this.world.atItsTime(() =>
        new Webhook(this.secret).verify(body, request.headers as Record<string, string>),
      ) as ReceivedEvent;
      this.events.set(String(request.headers['webhook-id']), event);
      response.writeHead(204).end();
    } catch (error) {
      this.refused.push(`${(error as Error).message}: ${body.slice(0, 200)}`);
      response.writeHead(400).end();
    }
  }
}
