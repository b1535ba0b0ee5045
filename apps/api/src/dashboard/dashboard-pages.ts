import { existsSync } from 'node:fs';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance, FastifyReply } from 'fastify';

export interface DashboardPages {
  /** Where the built dashboard lies. */
  readonly folder: string;
  /** As browsers reach it: the console receives from there. */
  readonly deliveryUrl: string;
  /** null: delivery can serve; else what is wrong with it. */
  readonly deliveryFault: () => Promise<string | null>;
}

const YEAR_SECONDS = 31_536_000;

/**
 * Serves the dashboard under /dashboard: one page for every address in it, and files whose names hold a
 * hash of their content, which browsers may keep for good.
 * @throws when the dashboard was not built
 */
export async function registerDashboard(
  fastify: FastifyInstance,
  { folder, deliveryUrl, deliveryFault }: DashboardPages,
): Promise<void> {
  if (!existsSync(join(folder, 'index.html')))
    throw new Error(`The dashboard is not built (${folder} is missing). Run npm run build.`);
  const policy = policyFor(deliveryUrl);

  await fastify.register(fastifyStatic, {
    root: folder,
    prefix: '/dashboard/files/',
    serve: false,
    // Slow lines get what the build compressed once and well.
    preCompressed: true,
  });
  const page = (reply: FastifyReply) =>
    reply
      .header('content-security-policy', policy)
      .header('cache-control', 'no-cache')
      .sendFile('index.html', { cacheControl: false });
  fastify.get('/', async (_request, reply) => reply.redirect('/dashboard'));
  fastify.get('/dashboard', (_request, reply) => page(reply));
  fastify.get('/dashboard/*', (_request, reply) => page(reply));
  fastify.get<{ Params: { '*': string } }>('/dashboard/assets/*', (request, reply) =>
    reply.sendFile(`assets/${request.params['*']}`, {
      maxAge: YEAR_SECONDS * 1000,
      immutable: true,
    }),
  );
  // The browser cannot tell a delivery server that is away from a path that blocks it: we can.
  fastify.get('/dashboard/delivery-health', async () => {
    const fault = await deliveryFault();
    return { ok: fault === null, fault };
  });
}

/** Scripts and styles of ours alone, none inline; requests go to us and to delivery. */
function policyFor(deliveryUrl: string): string {
  const delivery = new URL(deliveryUrl).origin;
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "font-src 'self'",
    `connect-src 'self' ${delivery}`,
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join('; ');
}
