import { Badge } from '../../ui/page.js';

interface Props {
  readonly webhook: {
    readonly enabled: boolean;
    readonly health: {
      readonly consecutiveFailures: number;
      readonly lastSuccessAt: string | null;
      readonly disabledReason: 'failing' | 'gone' | null;
    };
  };
}

export function Health({ webhook: { enabled, health } }: Props) {
  if (health.disabledReason === 'gone') return <Badge tone="bad">off: it answered 410</Badge>;
  if (health.disabledReason === 'failing') return <Badge tone="bad">off: five days failing</Badge>;
  if (!enabled) return <Badge>off</Badge>;
  if (health.consecutiveFailures > 0)
    return <Badge tone="warn">{health.consecutiveFailures} failed in a row</Badge>;
  if (health.lastSuccessAt === null) return <Badge>nothing sent yet</Badge>;
  return <Badge tone="good">healthy</Badge>;
}
