import { randomUUID } from 'node:crypto';
import { Catch, HttpException, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { CONTROL_ROUTES, Problem, type RouteSpec } from '#contracts';
import { isUnavailable } from '#database';
import { sendProblem, toProblem, type Logger } from '#platform';
import type { FastifyReply, FastifyRequest } from 'fastify';

const PATTERNS = (Object.values(CONTROL_ROUTES) as RouteSpec[]).map((route) => ({
  method: route.method,
  pattern: new RegExp(`^${route.path.replace(/[.]/g, '\\.').replace(/\{\w+\}/g, '[^/]+')}$`),
}));

/** Turns whatever was thrown, by us, Nest, Fastify or a library, into a problem document. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(
    private readonly docs: string,
    private readonly log: Logger,
  ) {}

  catch(thrown: unknown, host: ArgumentsHost): void {
    const request = host.switchToHttp().getRequest<FastifyRequest>();
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    const requestId = randomUUID();
    const problem = this.understand(thrown, request, reply);
    if (problem.code === 'internal') {
      this.log.error(
        {
          err: problem.cause ?? problem,
          requestId,
          method: request.method,
          route: request.routeOptions.url,
        },
        'a request failed',
      );
    } else if (problem.cause !== undefined) {
      this.log.warn({ err: problem.cause, requestId, code: problem.code }, 'a request was refused');
    }
    // A handler that failed after its answer had begun has nothing left to say.
    if (!reply.sent) void sendProblem(reply, problem, this.docs, requestId);
  }

  private understand(thrown: unknown, request: FastifyRequest, reply: FastifyReply): Problem {
    if (thrown instanceof Problem) return thrown;
    if (isUnavailable(thrown)) return databaseAway(thrown);
    if (!(thrown instanceof HttpException)) return toProblem(thrown);
    const status = thrown.getStatus();
    if (status === 404) return this.nowhere(request, reply);
    if (status === 413)
      return new Problem('message_too_large', 'The body is too large. Send less at once.');
    if (status === 415)
      return new Problem('unsupported_media_type', 'Send the body as application/json.');
    if (status >= 400 && status < 500)
      return new Problem(
        'invalid_request',
        `${thrown.message}. Correct the request and send it again.`,
      );
    return new Problem(
      'internal',
      'The request could not be completed; it was logged.',
      {},
      thrown,
    );
  }

  private nowhere(request: FastifyRequest, reply: FastifyReply): Problem {
    const path = (request.url.split('?', 1)[0] ?? '').slice(0, 200);
    const methods = PATTERNS.filter(({ pattern }) => pattern.test(path)).map(
      ({ method }) => method,
    );
    if (methods.length === 0) return nothingAt(request.method, path);
    const allow = [...new Set(methods)].join(', ');
    void reply.header('allow', allow);
    return new Problem(
      'method_not_allowed',
      `${path} does not take ${request.method}. It takes ${allow}.`,
    );
  }
}

/** A transaction that was given up may still commit, so the answer says to look first. */
function databaseAway(cause: unknown): Problem {
  return new Problem(
    'unavailable',
    'The control plane cannot reach its database; messages keep flowing meanwhile. Try again shortly, and after a change look first whether it was made.',
    { retryAfter: 2 },
    cause,
  );
}

/** Also what an internal route says to strangers, so that they cannot tell it from nothing. */
export function nothingAt(method: string, path: string): Problem {
  return new Problem(
    'not_found',
    `There is nothing at ${method} ${path}. GET /docs lists every route.`,
  );
}
