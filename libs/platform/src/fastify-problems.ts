import { randomUUID } from 'node:crypto';
import { HEADER, Problem, problemHeaders, PROBLEM_TYPE, type ProblemCode } from '#contracts';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from './logger.js';

/** Faults that Fastify finds by itself, as codes of our catalogue. */
const FASTIFY_CODES: Record<string, ProblemCode> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'message_too_large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'unsupported_media_type',
};

/** A refusal as Fastify sends it: problem document, Retry-After, WWW-Authenticate where they belong. */
export function sendProblem(
  reply: FastifyReply,
  problem: Problem,
  docs: string,
  requestId: string,
): FastifyReply {
  if (problem.extras.retryAfter !== undefined)
    reply.header('retry-after', Math.ceil(problem.extras.retryAfter));
  const limits = problemHeaders(problem);
  for (let i = 0; i < limits.length; i += 2) reply.header(limits[i] as string, limits[i + 1]);
  if (problem.status === 401) reply.header('www-authenticate', 'Bearer, Basic realm="Holdline"');
  return reply
    .code(problem.status)
    .header(HEADER.requestId, requestId)
    .header('cache-control', 'no-store')
    .type(PROBLEM_TYPE)
    .send(JSON.stringify(problem.toDocument(docs, requestId)));
}

/** Whatever was thrown, as a refusal that tells nothing of our insides. */
export function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  const { code, statusCode, message } = error as Partial<FastifyError>;
  const known = code === undefined ? undefined : FASTIFY_CODES[code];
  if (known) return new Problem(known, message ?? 'The body was refused.');
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    return new Problem('invalid_request', message ?? 'The request was refused.');
  }
  return new Problem('internal', 'The request could not be completed; it was logged.', {}, error);
}

/** The one place where a Fastify app turns errors and unknown paths into problem documents and logs them. */
export function installProblems(
  fastify: FastifyInstance,
  options: { docs: string; log: Logger },
): void {
  fastify.setErrorHandler((error: unknown, request: FastifyRequest, reply) => {
    const problem = toProblem(error);
    const requestId = randomUUID();
    if (problem.status >= 500 && problem.code === 'internal') {
      options.log.error(
        { err: problem.cause ?? problem, requestId, method: request.method },
        'a request failed',
      );
    }
    return sendProblem(reply, problem, options.docs, requestId);
  });
  fastify.setNotFoundHandler((request, reply) =>
    sendProblem(
      reply,
      new Problem('not_found', `There is nothing at ${request.method} ${path(request.url)}.`),
      options.docs,
      randomUUID(),
    ),
  );
}

function path(url: string): string {
  const query = url.indexOf('?');
  return (query < 0 ? url : url.slice(0, query)).slice(0, 200);
}
