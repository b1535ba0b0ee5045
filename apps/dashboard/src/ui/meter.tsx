interface Props {
  readonly label: string;
  readonly used: number;
  readonly max: number;
}

/** How full something is; from four fifths on it warns. */
export function Meter({ label, used, max }: Props) {
  const share = max === 0 ? 1 : Math.min(used / max, 1);
  const tone = share >= 1 ? 'bad' : share >= 0.8 ? 'warn' : undefined;
  return (
    <div
      className="meter"
      data-tone={tone}
      role="meter"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={max}
      aria-valuenow={Math.min(used, max)}
    >
      <span style={{ width: `${share * 100}%` }} />
    </div>
  );
}
