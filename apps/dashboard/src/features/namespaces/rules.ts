export interface Rules {
  readonly retentionSeconds: number;
  readonly retentionMessages: number | null;
  readonly persistence: boolean;
  readonly presence: boolean;
  readonly maxMessageBytes: number;
  readonly publishers: 'anyone' | 'keys';
}

export const DEFAULT_RULES: Rules = {
  retentionSeconds: 86_400,
  retentionMessages: null,
  persistence: true,
  presence: true,
  maxMessageBytes: 65_536,
  publishers: 'anyone',
};

export function timeText(seconds: number): string {
  const [size, unit] =
    seconds % 86_400 === 0
      ? [seconds / 86_400, 'day']
      : seconds % 3_600 === 0
        ? [seconds / 3_600, 'hour']
        : seconds % 60 === 0
          ? [seconds / 60, 'minute']
          : [seconds, 'second'];
  return `${size} ${unit}${size === 1 ? '' : 's'}`;
}
