import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import { CONTROL_ROUTES, LIMIT, Problem } from '#contracts';
import { holdsKey } from '#access';
import { brokenRequest, clientAddress, refuseConnection, sendProblem } from '#platform';
import fastifyCookie from '@fastify/cookie';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { parse } from 'secure-json-parse';

/** Bytes: the largest sensible body here is an app with ten public keys and a hundred origins. */
export const BODY_BYTES = 256 * 1024;

const utf8 = new TextDecoder('utf-8', { fatal: true });

const API_POLICY = "default-src 'none'; frame-ancestors 'none'";
const PAGE_POLICY =
  "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/** What every request passes before Nest sees it: refusal while draining, no keys in URLs, headers, JSON. */
export async function prepareFastify(
  fastify: FastifyInstance,
  options: { draining: () => boolean; secure: boolean; proxies: number },
): Promise<void> {
  await fastify.register(fastifyCookie);

  fastify.addHook('onRequest', async (request, reply) => {
    if (options.proxies > 0) {
      // As delivery reads it: Fastify knows X-Forwarded-For only, and not Forwarded.
      const { socket, headers } = request.raw;
      const value = clientAddress(socket.remoteAddress, headers, options.proxies);
      Object.defineProperty(request, 'ip', { value });
    }
    if (options.draining()) {
      // HTTP/2 has no such header: its connections are ended by GOAWAY.
      if (request.raw.httpVersionMajor === 1) reply.header('connection', 'close');
      // Health says by itself that it drains.
      if (request.url !== '/healthz' && request.url !== '/readyz' && request.url !== '/metrics') {
        throw new Problem('draining', 'This server is shutting down. Try again at once.', {
          retryAfter: 1,
        });
      }
    }
    if (holdsKey(request.url)) {
      throw new Problem(
        'key_in_url',
        'URLs end up in logs. Send the key as `Authorization: Bearer <key>`, and rotate this one.',
      );
    }
  });

  fastify.addHook('onSend', async (_request, reply, payload) => {
    const page = String(reply.getHeader('content-type') ?? '').startsWith('text/html');
    reply.header('x-content-type-options', 'nosniff');
    reply.header('referrer-policy', 'no-referrer');
    // A page that has a policy of its own keeps it.
    if (!reply.hasHeader('content-security-policy'))
      reply.header('content-security-policy', page ? PAGE_POLICY : API_POLICY);
    reply.header('cross-origin-opener-policy', 'same-origin');
    reply.header('cross-origin-resource-policy', 'same-origin');
    if (options.secure) reply.header('strict-transport-security', 'max-age=31536000');
    if (!reply.hasHeader('cache-control')) reply.header('cache-control', 'no-store');
    return payload;
  });

  // JSON alone: what a form on another site can send is no body here.
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    // What is signed are these bytes, not what they mean.
    if (request.routeOptions.url === CONTROL_ROUTES.stripeWebhook.path) return done(null, body);
    try {
      done(null, parseJson(body as Buffer));
    } catch (error) {
      done(error as Error);
    }
  });
}

/** What Fastify and Node refuse before any hook or filter runs: unreadable URLs, and requests that are no HTTP. */
export function earlyRefusals(docs: string) {
  return {
    frameworkErrors: (error: Error, _request: FastifyRequest, reply: FastifyReply) =>
      void sendProblem(
        reply,
        new Problem(
          'invalid_request',
          `The URL cannot be read (${error.message}). Encode it properly and send it again.`,
        ),
        docs,
        randomUUID(),
      ),
    clientErrorHandler: (error: Error & { code?: string }, socket: Socket) => {
      if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
      refuseConnection(socket, brokenRequest(error.code), docs, randomUUID());
    },
  };
}

/** @throws Problem invalid_request that says where the fault is. An empty body is no body. */
export function parseJson(body: Uint8Array): unknown {
  if (body.length === 0) return undefined;
  let text: string;
  try {
    text = utf8.decode(body);
  } catch {
    throw new Problem(
      'invalid_request',
      'The body is not valid UTF-8. Encode the JSON as UTF-8 and send it again.',
    );
  }
  let value: unknown;
  try {
    value = parse(text, { protoAction: 'error', constructorAction: 'error' });
  } catch (error) {
    throw new Problem(
      'invalid_request',
      `The body is not valid JSON: ${(error as Error).message}. Correct it and send it again.`,
    );
  }
  if (deeperThan(value, LIMIT.jsonDepth)) {
    throw new Problem(
      'invalid_request',
      `The body nests more than ${LIMIT.jsonDepth} levels deep. Flatten it and send it again.`,
    );
  }
  return value;
}

function deeperThan(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (levels === 0) return true;
  return Object.values(value).some((inner) => deeperThan(inner, levels - 1));
}
