import type { DeclaredOperator, OidcConfig, StripeConfig } from '#platform';

/** What the control plane needs of its environment. A class, so that Nest can hand it out by its type. */
export class Settings {
  /** As users see it, no slash at the end. */
  readonly apiUrl: string;
  readonly deliveryUrl: string;
  readonly dataDir: string;
  /** For development and tests: webhooks may go to private addresses, over http. */
  readonly webhookAllowPrivate: boolean;
  /** null: payments go without Stripe. */
  readonly stripe: StripeConfig | null;
  /** null: nobody signs in through another provider. */
  readonly oidc: OidcConfig | null;
  /** Made at the start, or given their password back; null: nobody is. */
  readonly operator: DeclaredOperator | null;

  constructor(
    settings: Omit<Settings, 'secure' | 'webhookAllowPrivate' | 'stripe' | 'oidc' | 'operator'> & {
      readonly webhookAllowPrivate?: boolean;
      readonly stripe?: StripeConfig | null;
      readonly oidc?: OidcConfig | null;
      readonly operator?: DeclaredOperator | null;
    },
  ) {
    this.apiUrl = settings.apiUrl;
    this.deliveryUrl = settings.deliveryUrl;
    this.dataDir = settings.dataDir;
    this.webhookAllowPrivate = settings.webhookAllowPrivate ?? false;
    this.stripe = settings.stripe ?? null;
    this.oidc = settings.oidc ?? null;
    this.operator = settings.operator ?? null;
  }

  /** Served over TLS, by us or by the proxy before us: cookies are for secure connections alone. */
  get secure(): boolean {
    return this.apiUrl.startsWith('https://');
  }
}
