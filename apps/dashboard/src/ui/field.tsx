import { useId, type ComponentProps, type ReactNode } from 'react';

interface Labelled {
  readonly label: string;
  readonly hint?: ReactNode;
  readonly fault?: string | undefined;
}

interface Wired {
  readonly id: string;
  readonly 'aria-describedby': string | undefined;
  readonly 'aria-invalid': boolean | undefined;
}

function Field({
  label,
  hint,
  fault,
  children,
}: Labelled & { readonly children: (wired: Wired) => ReactNode }) {
  const id = useId();
  const described = [hint && `${id}-hint`, fault && `${id}-fault`].filter(Boolean).join(' ');
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {children({
        id,
        'aria-describedby': described || undefined,
        'aria-invalid': fault ? true : undefined,
      })}
      {hint && (
        <span className="hint" id={`${id}-hint`}>
          {hint}
        </span>
      )}
      {fault && (
        <span className="fault" id={`${id}-fault`} role="alert">
          {fault}
        </span>
      )}
    </div>
  );
}

export function TextField({ label, hint, fault, ...rest }: Labelled & ComponentProps<'input'>) {
  return (
    <Field label={label} hint={hint} fault={fault}>
      {(wired) => <input className="input" {...wired} {...rest} />}
    </Field>
  );
}

export function TextArea({ label, hint, fault, ...rest }: Labelled & ComponentProps<'textarea'>) {
  return (
    <Field label={label} hint={hint} fault={fault}>
      {(wired) => <textarea className="input" spellCheck={false} {...wired} {...rest} />}
    </Field>
  );
}

interface SelectProps extends Labelled, Omit<ComponentProps<'select'>, 'children'> {
  readonly options: readonly { readonly value: string; readonly text: string }[];
}

export function SelectField({ label, hint, fault, options, ...rest }: SelectProps) {
  return (
    <Field label={label} hint={hint} fault={fault}>
      {(wired) => (
        <select className="input" {...wired} {...rest}>
          {options.map(({ value, text }) => (
            <option key={value} value={value}>
              {text}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}

export function Check({ label, ...rest }: { label: ReactNode } & ComponentProps<'input'>) {
  return (
    <label className="check">
      <input type="checkbox" {...rest} />
      <span>{label}</span>
    </label>
  );
}
