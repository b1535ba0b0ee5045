import { Controller, Inject, Query, Res } from '@nestjs/common';
import type { ConfigSnapshot } from '#contracts';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { InternalRoute } from '../http/route.js';
import { ConfigFeed } from './config-feed.js';

const FeedQuery = z.object({
  since: z.coerce.number().int().min(0).safe().default(0),
  /** Seconds. */
  wait: z.coerce.number().min(0).max(25).default(25),
  /** Who asks: a name that the node made up at its start. */
  node: z.string().min(1).max(64).optional(),
});

/** Where delivery nodes get the configuration. For them alone: to others there is nothing here. */
@Controller()
export class ConfigFeedController {
  constructor(@Inject(ConfigFeed) private readonly feed: ConfigFeed) {}

  @InternalRoute('/internal/v1/config')
  config(
    @Query({ schema: FeedQuery }) query: z.output<typeof FeedQuery>,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ConfigSnapshot> {
    if (query.node !== undefined) this.feed.nodes.heard(query.node, query.since);
    const gone = new AbortController();
    reply.raw.once('close', () => gone.abort());
    return this.feed.answer(query.since, query.wait * 1000, gone.signal);
  }
}
