import type { OidcConfig, StripeConfig } from '#platform';

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

  constructor(
    settings: Omit<Settings, 'secure' | 'webhookAllowPrivate' | 'stripe' | 'oidc'> & {
      readonly webhookAllowPrivate?: boolean;
      readonly stripe?: StripeConfig | null;
      readonly oidc?: OidcConfig | null;
    },
  ) {
    this.apiUrl = settings.apiUrl;
    this.deliveryUrl = settings.deliveryUrl;
    this.dataDir = settings.dataDir;
    this.webhookAllowPrivate = settings.webhookAllowPrivate ?? false;
    this.stripe = settings.stripe ?? null;
    this.oidc = settings.oidc ?? null;
  }

  /** Served over TLS, by us or by the proxy before us: cookies are for secure connections alone. */
  get secure(): boolean {
    return this.apiUrl.startsWith('https://');
  }
}
