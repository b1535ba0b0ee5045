import { Controller, Inject, Query, Req, Res } from '@nestjs/common';
import { sealContext, Secrets } from '#access';
import { CONTROL_ROUTES, OidcQuery, Problem, type LoginOptions } from '#contracts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { originOf } from '../../auth/actor.js';
import { Clock } from '../../data/clock.js';
import { Route } from '../../http/route.js';
import { Settings } from '../../settings.js';
import { AccountsService } from '../accounts.service.js';
import { Sessions } from '../sessions.js';
import { OidcAccounts } from './oidc-accounts.js';
import { OidcClient, type Begun } from './oidc-client.js';

/** Seconds from leaving to the provider until coming back. */
const LIFE_SECONDS = 600;
const CONTEXT = sealContext({ tenantId: '', table: 'cookie', column: 'oidc', id: '' });

interface Kept extends Begun {
  /** The page to go to, below /dashboard. */
  readonly back: string;
  /** Adds the identity to whoever is signed in, in place of signing in. */
  readonly link: boolean;
  readonly end: number;
}

@Controller()
export class OidcController {
  private readonly cookie: string;

  constructor(
    @Inject(OidcClient) private readonly client: OidcClient,
    @Inject(OidcAccounts) private readonly identities: OidcAccounts,
    @Inject(AccountsService) private readonly accounts: AccountsService,
    @Inject(Sessions) private readonly sessions: Sessions,
    @Inject(Secrets) private readonly secrets: Secrets,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(Settings) private readonly settings: Settings,
  ) {
    this.cookie = settings.secure ? '__Host-holdline_oidc' : 'holdline_oidc';
  }

  @Route(CONTROL_ROUTES.loginOptions)
  options(): LoginOptions {
    const { oidc } = this.settings;
    return { oidc: oidc && { name: oidc.name } };
  }

  @Route(CONTROL_ROUTES.oidcBegin)
  async begin(
    @Query({ schema: OidcQuery }) { back = '', link = false }: OidcQuery,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<void> {
    const provider = await this.client.begin().catch((error: unknown) => {
      if (error instanceof Problem) return error;
      throw error;
    });
    if (provider instanceof Problem) {
      reply.header('location', toldOn('/login', provider));
      return;
    }
    const { url, begun } = provider;
    const kept: Kept = { ...begun, back, link, end: this.clock.now() + LIFE_SECONDS * 1000 };
    const sealed = this.secrets.seal(JSON.stringify(kept), CONTEXT);
    reply.setCookie(this.cookie, sealed, { ...this.attributes(), maxAge: LIFE_SECONDS });
    reply.header('location', url);
  }

  @Route(CONTROL_ROUTES.oidcCallback)
  async callback(
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<void> {
    const kept = this.read(request);
    reply.clearCookie(this.cookie, this.attributes());
    try {
      if (!kept) throw begunElsewhere();
      const query = request.url.split('?', 2)[1] ?? '';
      const identity = await this.client.finish(query, kept);
      if (kept.link) await this.link(request, identity);
      else await this.signIn(request, reply, identity);
      reply.header('location', `/dashboard${kept.back}`);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      const page = kept?.link === true ? '/account' : '/login';
      reply.header('location', toldOn(page, error));
    }
  }

  private async signIn(
    request: FastifyRequest,
    reply: FastifyReply,
    identity: Parameters<OidcAccounts['signIn']>[0],
  ): Promise<void> {
    const userId = await this.identities.signIn(identity, originOf(request));
    const tenantId = await this.accounts.firstTenant(userId);
    await this.sessions.begin(request, reply, userId, tenantId, 'login.succeeded');
  }

  private async link(
    request: FastifyRequest,
    identity: Parameters<OidcAccounts['link']>[0],
  ): Promise<void> {
    const user = await this.sessions.find(request);
    if (!user)
      throw new Problem('unauthenticated', 'Your session has ended. Sign in, and link it again.');
    await this.identities.link(identity, user, originOf(request));
  }

  private read(request: FastifyRequest): Kept | null {
    const sealed = request.cookies[this.cookie];
    if (sealed === undefined) return null;
    try {
      const kept = JSON.parse(this.secrets.open(sealed, CONTEXT)) as Kept;
      return kept.end > this.clock.now() ? kept : null;
    } catch {
      // Not sealed here: somebody made it up.
      return null;
    }
  }

  /** Lax: the browser comes back from another site, by a link. */
  private attributes() {
    return { path: '/', httpOnly: true, sameSite: 'lax', secure: this.settings.secure } as const;
  }
}

/** A person looks at what comes of it: the page tells what went wrong. */
function toldOn(page: string, problem: Problem): string {
  return `/dashboard${page}?problem=${encodeURIComponent(problem.message)}`;
}

function begunElsewhere(): Problem {
  return new Problem(
    'unauthenticated',
    'This sign-in was begun in another browser, or too long ago. Begin anew.',
  );
}
