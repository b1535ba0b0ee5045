import type { ComponentProps } from 'react';

interface Props extends ComponentProps<'button'> {
  readonly kind?: 'main' | 'danger' | 'plain';
  readonly size?: 'small';
  /** Something is on its way: the button waits for it. */
  readonly busy?: boolean;
}

export function Button({ kind, size, busy = false, disabled, children, ...rest }: Props) {
  return (
    <button
      type="button"
      className="button"
      data-kind={kind}
      data-size={size}
      aria-busy={busy}
      disabled={disabled === true || busy}
      {...rest}
    >
      {children}
    </button>
  );
}
