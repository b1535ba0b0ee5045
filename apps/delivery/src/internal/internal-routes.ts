import { createHash, timingSafeEqual } from 'node:crypto';
import { Problem } from '#contracts';
import type { FastifyInstance } from 'fastify';
import type { z } from 'zod';

/**
 * A route between our own servers: not in the contract, and not there for anybody else. What `answer`
 * resolves with goes out as JSON; a Problem that it throws reaches the control plane's caller as it is.
 */
export interface InternalRoute<Input = never> {
  readonly method: 'GET' | 'POST';
  /** Under `/internal/`. */
  readonly path: string;
  /** Of the query of a GET, of the body of a POST. */
  readonly input: z.ZodType<Input>;
  readonly answer: (input: Input) => unknown;
}

/** Bytes of a body that our own servers send. */
const BODY_BYTES = 8 * 1024 * 1024;

/**
 * Serves the table beside the pages, so behind the same port as everything else: whoever does not show the
 * secret that comes from the master key is told that there is nothing.
 */
export async function registerInternalRoutes(
  fastify: FastifyInstance,
  bearer: string,
  routes: readonly InternalRoute[],
): Promise<void> {
  const secret = digest(`Bearer ${bearer}`);
  await fastify.register(async (scope) => {
    scope.addHook('onRequest', async (request, reply) => {
      if (!timingSafeEqual(digest(request.headers.authorization ?? ''), secret))
        return reply.callNotFound();
    });
    for (const { method, path, input, answer } of routes) {
      scope.route({
        method,
        url: path,
        bodyLimit: BODY_BYTES,
        handler: async (request, reply) => {
          const parsed = input.safeParse(method === 'GET' ? request.query : request.body);
          if (!parsed.success)
            throw new Problem('invalid_request', `${path}: ${parsed.error.message}`);
          void reply.header('cache-control', 'no-store').type('application/json');
          return JSON.stringify(await answer(parsed.data));
        },
      });
    }
  });
}

/** So that a table can hold routes of different inputs. */
export function internalRoute<Input>(route: InternalRoute<Input>): InternalRoute {
  return route as unknown as InternalRoute;
}

/** Of equal length, so that comparing takes the same time whatever was sent. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
