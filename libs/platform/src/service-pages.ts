import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { PROBLEMS, type ProblemCode, type RouteSpec } from '#contracts';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance } from 'fastify';
import type { Registry } from 'prom-client';
import { errorPage } from './error-docs.js';
import { readiness, type HealthCheck } from './health.js';
import { openapiDocument } from './openapi.js';

export interface ServicePages {
  readonly title: string;
  readonly description: string;
  /** The server's own address as users see it. */
  readonly url: string;
  readonly routes: readonly RouteSpec[];
  readonly checks: Record<string, HealthCheck>;
  readonly metrics: Registry;
  /** True once draining has begun: no longer ready, still alive. */
  readonly draining: () => boolean;
}

/** The pages that both servers have: health, metrics, OpenAPI, docs and the explanation of each refusal. */
export async function registerServicePages(
  fastify: FastifyInstance,
  pages: ServicePages,
): Promise<void> {
  fastify.get('/healthz', async () => ({ status: 'alive' }));
  fastify.get('/readyz', async (_request, reply) => {
    const state = await readiness(pages.checks);
    const ready = state.ready && !pages.draining();
    return reply
      .code(ready ? 200 : 503)
      .header('cache-control', 'no-store')
      .send({
        status: ready ? 'ready' : pages.draining() ? 'draining' : 'not ready',
        parts: state.parts,
      });
  });
  fastify.get('/metrics', async (_request, reply) =>
    reply.type(pages.metrics.contentType).send(await pages.metrics.metrics()),
  );

  const document = openapiDocument(
    { title: pages.title, description: pages.description, server: pages.url },
    pages.routes,
  );
  fastify.get('/openapi.json', async () => document);

  await fastify.register(fastifyStatic, {
    root: dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json')),
    prefix: '/docs/assets/',
    decorateReply: false,
    // Only what the page needs: the package's own example page points elsewhere.
    allowedPath: (path) =>
      /^\/(swagger-ui\.css|swagger-ui-bundle\.js|favicon-32x32\.png)$/.test(path),
  });
  fastify.get('/docs', async (_request, reply) =>
    reply.type('text/html; charset=utf-8').send(docsPage(pages.title)),
  );
  fastify.get('/docs/start.js', async (_request, reply) =>
    reply.type('text/javascript').send(START_SWAGGER),
  );
  fastify.get<{ Params: { code: string } }>('/docs/errors/:code', async (request, reply) => {
    const { code } = request.params;
    if (!Object.hasOwn(PROBLEMS, code)) return reply.callNotFound();
    return reply.type('text/html; charset=utf-8').send(errorPage(code as ProblemCode));
  });
}

function docsPage(title: string): string {
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${title}</title><link rel="stylesheet" href="/docs/assets/swagger-ui.css"><link rel="icon" href="/docs/assets/favicon-32x32.png">
<div id="docs"></div><script src="/docs/assets/swagger-ui-bundle.js"></script><script src="/docs/start.js"></script></html>`;
}

const START_SWAGGER = `SwaggerUIBundle({ url: '/openapi.json', dom_id: '#docs', deepLinking: true });\n`;
