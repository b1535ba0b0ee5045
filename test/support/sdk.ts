import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ROOT } from './holdline.js';

/**
 * The SDK as customers get it (dist/sdk), with as much of its types as tests need: its own ones are
 * those of a browser, which the tests do not have.
 */
export interface SdkMessage {
  readonly id: string;
  readonly position: number;
  readonly name?: string;
  readonly data: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly replyTo?: string;
}

export interface SdkChannel {
  publish(data: unknown, options?: object): Promise<{ id: string; position: number }>;
  publishAll(messages: readonly object[]): Promise<{ id: string; position: number }[]>;
  subscribe(
    handler: (message: SdkMessage) => void | Promise<void>,
    options?: {
      from?: string;
      filter?: { names?: string[]; headers?: Record<string, string[]> };
      conflate?: string;
      window?: number;
    },
  ): () => void;
  ready(): Promise<void>;
  readonly presence: SdkPresence;
  group(name: string): SdkGroup;
  request(data: unknown, options?: { wait?: number }): Promise<SdkMessage>;
  reply(to: SdkMessage, data: unknown): Promise<void>;
  history(options?: object): AsyncIterable<SdkMessage>;
  on(event: 'undecryptable', listener: (what: { reason: string }) => void): () => void;
  on(event: 'gap' | 'error', listener: (what: unknown) => void): () => void;
}

export interface SdkPresence {
  enter(data?: unknown): Promise<void>;
  update(data: unknown): Promise<void>;
  leave(): Promise<void>;
  enterClient(clientId: string, data?: unknown): Promise<void>;
  leaveClient(clientId: string): Promise<void>;
  members(): Promise<{ clientId: string; data: unknown }[]>;
  subscribe(
    handler: (event: { action: string; clientId: string; data: unknown }) => void,
  ): () => void;
}

export interface SdkLinkEnd extends Pick<SdkChannel, 'subscribe' | 'ready'> {
  send(data: unknown): Promise<{ position: number }>;
}

export interface SdkTransportChange {
  readonly transport: string;
  readonly reason: string;
}

export interface SdkGroup {
  create(settings?: object): Promise<void>;
  consume(
    handler: (message: SdkMessage & { attempt: number }) => void | Promise<void>,
    options?: { concurrency?: number; visibility?: number },
  ): () => Promise<void>;
}

export interface SdkClient {
  readonly inbox: Pick<SdkChannel, 'subscribe' | 'ready'>;
  channel(name: string, options?: object): SdkChannel;
  client(id: string): {
    send(data: unknown): Promise<{ position: number; delivered: number; home: string | null }>;
    home(): Promise<{ clientId: string } | null>;
  };
  link(name: string): {
    create(settings?: object): Promise<void>;
    remove(): Promise<void>;
    end(end: 'a' | 'b'): SdkLinkEnd;
  };
  readonly state: { readonly state: string; readonly reason?: { readonly code: string } | null };
  on(event: 'error', listener: (error: unknown) => void): () => void;
  on(event: 'transport', listener: (change: SdkTransportChange) => void): () => void;
  close(): void;
}

export interface Sdk {
  readonly Holdline: new (options: {
    url: string;
    key?: string;
    token?: string;
    hold?: number;
    transport?: 'hold' | 'stream' | 'auto';
    authorize?: () => Promise<string>;
  }) => SdkClient;
}

export async function loadSdk(): Promise<Sdk> {
  const file = join(ROOT, 'dist', 'sdk', 'node', 'holdline.js');
  return (await import(pathToFileURL(file).href)) as Sdk;
}
