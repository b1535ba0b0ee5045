import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance } from 'fastify';

const SDK = fileURLToPath(new URL('../../../sdk/', import.meta.url));
const PAGES = fileURLToPath(new URL('../../../pages/', import.meta.url));

const ROUTES = {
  '/': 'try.html',
  '/try': 'try.html',
  '/try.js': 'try.js',
  '/try.css': 'try.css',
};

const PAGE_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self' http: https:; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** What a browser needs and nothing more: the SDK in one script, and a page to try it on. */
export async function registerPages(fastify: FastifyInstance): Promise<void> {
  await fastify.register(fastifyStatic, {
    root: SDK,
    prefix: '/sdk/',
    index: false,
    allowedPath: (path) => /^\/?(holdline\.m?js(\.map)?|try\.(html|js|css))$/.test(path),
    setHeaders: (reply) => {
      // Any page may load it from here.
      reply.header('access-control-allow-origin', '*');
      reply.header('cross-origin-resource-policy', 'cross-origin');
    },
  });
  if (!existsSync(PAGES))
    throw new Error(`The pages are not built (${PAGES} is missing). Run npm run build.`);
  for (const [route, file] of Object.entries(ROUTES)) {
    fastify.get(route, (_request, reply) =>
      reply
        .header('content-security-policy', PAGE_POLICY)
        .header('referrer-policy', 'no-referrer')
        .header('x-content-type-options', 'nosniff')
        .sendFile(file, PAGES),
    );
  }
}
