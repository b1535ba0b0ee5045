import { Body, Controller, Inject, Query, Req, Res } from '@nestjs/common';
import { sealContext, Secrets } from '#access';
import {
  CONTROL_ROUTES,
  IdentityUnlink,
  OidcQuery,
  PasswordAgain,
  Problem,
  type IdentityLink,
  type LoginOptions,
} from '#contracts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { originOf } from '../../auth/actor.js';
import { Clock } from '../../data/clock.js';
import { Route } from '../../http/route.js';
import { Settings } from '../../settings.js';
import { AccountsService } from '../accounts.service.js';
import { CurrentUser, type UserActor } from '../own/user-actor.js';
import { Sessions } from '../sessions.js';
import { OidcAccounts } from './oidc-accounts.js';
import { OidcClient, type Begun, type Identity } from './oidc-client.js';

/** Seconds from leaving to the provider until coming back. */
const LIFE_SECONDS = 600;
const CONTEXT = sealContext({ tenantId: '', table: 'cookie', column: 'oidc', id: '' });

interface Kept extends Begun {
  /** The page to go to, below /dashboard. */
  readonly back: string;
  /**
   * Whose account the identity is added to; null: it signs in. Somebody who is led here from another site
   * has asked for none, so that nobody gets their own identity into another's account.
   */
  readonly link: string | null;
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
    @Query({ schema: OidcQuery }) { back = '' }: OidcQuery,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<void> {
    const to = await this.leave(reply, { back, link: null }).catch((error: unknown) =>
      toldOn('/login', error),
    );
    reply.header('location', to);
  }

  @Route(CONTROL_ROUTES.linkIdentity)
  async beginLink(
    @CurrentUser() user: UserActor,
    @Body({ schema: PasswordAgain }) { password }: PasswordAgain,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<IdentityLink> {
    await this.accounts.requirePassword(user, password);
    return { url: await this.leave(reply, { back: '/account', link: user.id }) };
  }

  @Route(CONTROL_ROUTES.unlinkIdentity)
  async unlink(
    @CurrentUser() user: UserActor,
    @Body({ schema: IdentityUnlink }) { password, issuer }: IdentityUnlink,
  ): Promise<void> {
    await this.accounts.requirePassword(user, password);
    await this.identities.unlink(issuer, user);
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
      if (kept.link === null) await this.signIn(request, reply, identity);
      else await this.link(request, kept.link, identity);
      reply.header('location', `/dashboard${kept.back}`);
    } catch (error) {
      const page = kept && kept.link !== null ? '/account' : '/login';
      reply.header('location', toldOn(page, error));
    }
  }

  /** To the provider, which the browser comes back from with this cookie. */
  private async leave(
    reply: FastifyReply,
    { back, link }: Pick<Kept, 'back' | 'link'>,
  ): Promise<string> {
    const { url, begun } = await this.client.begin();
    const kept: Kept = { ...begun, back, link, end: this.clock.now() + LIFE_SECONDS * 1000 };
    const sealed = this.secrets.seal(JSON.stringify(kept), CONTEXT);
    reply.setCookie(this.cookie, sealed, { ...this.attributes(), maxAge: LIFE_SECONDS });
    return url;
  }

  private async signIn(
    request: FastifyRequest,
    reply: FastifyReply,
    identity: Identity,
  ): Promise<void> {
    const userId = await this.identities.signIn(identity, originOf(request));
    const tenantId = await this.accounts.firstTenant(userId);
    await this.sessions.begin(request, reply, userId, tenantId, 'login.succeeded', {
      identity: identity.issuer,
    });
  }

  private async link(request: FastifyRequest, userId: string, identity: Identity): Promise<void> {
    const user = await this.sessions.find(request);
    if (user?.id !== userId)
      throw new Problem('unauthenticated', 'Your session has ended. Sign in, and link it again.');
    await this.identities.link(identity, { id: userId, ...originOf(request) });
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

/**
 * A person looks at what comes of it, so what went wrong is shown on a page of ours. That page is told the
 * problem's code and has its own words for it: a link from elsewhere cannot make it say anything.
 */
function toldOn(page: string, error: unknown): string {
  if (!(error instanceof Problem)) throw error;
  return `/dashboard${page}?problem=${error.code}`;
}

function begunElsewhere(): Problem {
  return new Problem(
    'unauthenticated',
    'This sign-in was begun in another browser, or too long ago. Begin anew.',
  );
}
