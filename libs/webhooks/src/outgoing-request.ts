import { lookup as dnsLookup } from 'node:dns/promises';
import http from 'node:http';
import https from 'node:https';
import type { LookupFunction } from 'node:net';
import { isPublicAddress } from './address-guard.js';
import { endpointUrlFault, type UrlRules } from './endpoint-url.js';

/** Milliseconds for the whole exchange: name, connection, request and answer. */
const TIMEOUT_MS = 15_000;
/** Bytes of an answer that are read; what follows is cut off with the connection. */
export const RESPONSE_BYTES = 64 * 1024;

export interface OutgoingRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What came back. `status: null`: no answer, and `error` says why. */
export interface Outcome {
  readonly status: number | null;
  readonly error: string | null;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** More was sent than was read. */
  readonly cut: boolean;
}

/** Every address that a name has now. */
export type Resolve = (name: string) => Promise<readonly { address: string; family: number }[]>;

export interface SenderOptions extends UrlRules {
  readonly resolve?: Resolve;
  readonly timeoutMs?: number;
}

/**
 * Sends one POST to where a tenant said, and trusts nothing of it: never a private address (looked at
 * after DNS, in the moment of connecting, so that a name cannot change its mind in between), no
 * redirects, a bounded time, a bounded answer. Resolves always.
 */
export class Sender {
  private readonly resolve: Resolve;

  constructor(private readonly options: SenderOptions) {
    this.resolve = options.resolve ?? ((name) => dnsLookup(name, { all: true }));
  }

  send(request: OutgoingRequest): Promise<Outcome> {
    // Rules may have become stricter since the endpoint was made.
    const fault = endpointUrlFault(request.url, this.options);
    if (fault !== null) return Promise.resolve(failed(`the URL ${fault}`));
    return new Promise((settle) => {
      const url = new URL(request.url);
      const transport = url.protocol === 'https:' ? https : http;
      const state = new Progress(settle);
      const timer = setTimeout(
        () => state.end('no answer in time'),
        this.options.timeoutMs ?? TIMEOUT_MS,
      );
      const outgoing = transport.request(url, {
        method: 'POST',
        headers: {
          ...request.headers,
          'content-length': Buffer.byteLength(request.body),
          connection: 'close',
        },
        // A connection of its own: none is shared between tenants, none is left behind.
        agent: false,
        lookup: this.guardedLookup,
        maxHeaderSize: 16 * 1024,
        insecureHTTPParser: false,
      });
      state.onSettled = () => {
        clearTimeout(timer);
        outgoing.destroy();
      };
      outgoing.on('socket', (socket) =>
        socket.on('connect', () => {
          // The last look, at where it really leads.
          if (!this.mayReach(socket.remoteAddress ?? '')) state.end(PRIVATE);
        }),
      );
      outgoing.on('response', (response) => state.take(response));
      outgoing.on('error', (error) => state.end(error.message));
      outgoing.end(request.body);
    });
  }

  private mayReach(address: string): boolean {
    return this.options.allowPrivate || isPublicAddress(address);
  }

  private readonly guardedLookup: LookupFunction = (name, options, done) => {
    this.resolve(name).then(
      (addresses) => {
        const [first] = addresses;
        if (!first) return done(new Error(`${name} has no address`), '', 0);
        // One that leads inward is enough: a name that is honest has none.
        if (!addresses.every(({ address }) => this.mayReach(address)))
          return done(new Error(PRIVATE), '', 0);
        if (options.all) return done(null, [...addresses]);
        return done(null, first.address, first.family);
      },
      (error: unknown) => done(error instanceof Error ? error : new Error(String(error)), '', 0),
    );
  };
}

const PRIVATE = 'the URL leads to a private address, which is never connected to';

function failed(error: string): Outcome {
  return { status: null, error, headers: {}, body: Buffer.alloc(0), cut: false };
}

/** One exchange on its way to its outcome, which comes once. */
class Progress {
  onSettled = () => {};
  private response: http.IncomingMessage | null = null;
  private readonly chunks: Buffer[] = [];
  private bytes = 0;
  private settled = false;

  constructor(private readonly settle: (outcome: Outcome) => void) {}

  take(response: http.IncomingMessage): void {
    this.response = response;
    response.on('data', (chunk: Buffer) => {
      const room = RESPONSE_BYTES - this.bytes;
      if (room > 0) this.chunks.push(chunk.subarray(0, room));
      this.bytes += chunk.length;
      // What the endpoint answered is known by its status; nobody needs the rest.
      if (this.bytes > RESPONSE_BYTES) this.end(null);
    });
    response.on('end', () => this.end(null));
    response.on('error', (error) => this.end(error.message));
  }

  /** @param error null: all of the answer that is wanted is there. */
  end(error: string | null): void {
    if (this.settled) return;
    this.settled = true;
    const { response } = this;
    // Once there is a status it counts, also where the rest of the answer hung or broke.
    this.settle(
      response
        ? {
            status: response.statusCode ?? 0,
            error: null,
            headers: flat(response.headers),
            body: Buffer.concat(this.chunks),
            cut: error !== null || this.bytes > RESPONSE_BYTES,
          }
        : failed(error ?? 'no answer'),
    );
    this.onSettled();
  }
}

function flat(headers: http.IncomingHttpHeaders): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
}
