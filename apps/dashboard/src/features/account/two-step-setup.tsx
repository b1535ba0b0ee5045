import qrcode from 'qrcode-generator';
import { useMemo, useState } from 'react';
import { CodeBlock } from '../../ui/code-block.js';
import { TextField } from '../../ui/field.js';
import { FormDialog } from '../../ui/form-dialog.js';

export interface Secret {
  readonly secret: string;
  readonly uri: string;
}

interface Props {
  readonly secret: Secret;
  /** Answers the recovery codes. */
  readonly confirm: (code: string) => Promise<readonly string[]>;
  readonly onClose: () => void;
  /** Told the recovery codes. */
  readonly onDone: (codes: readonly string[]) => void;
}

/** Shows the secret to an authenticator app, and asks for its first code. */
export function TwoStepSetup({ secret, confirm, onClose, onDone }: Props) {
  const [code, setCode] = useState('');
  return (
    <FormDialog
      title="Scan this with an authenticator app"
      description="Or type the text below it there. Then give the code that the app shows."
      action="Turn it on"
      onClose={onClose}
      onSubmit={async () => onDone(await confirm(code))}
    >
      {(faultAt) => (
        <>
          <QrCode text={secret.uri} />
          <CodeBlock text={secret.secret} label="secret" />
          <TextField
            label="Code"
            inputMode="numeric"
            autoComplete="one-time-code"
            pattern="\d{6}"
            required
            maxLength={6}
            value={code}
            fault={faultAt('/code')}
            onChange={(event) => setCode(event.target.value)}
          />
        </>
      )}
    </FormDialog>
  );
}

/** Cells of white around it: without them many cameras do not find it. */
const QUIET = 4;

function QrCode({ text }: { readonly text: string }) {
  const { path, size } = useMemo(() => {
    const code = qrcode(0, 'M');
    code.addData(text);
    code.make();
    const cells = code.getModuleCount();
    let drawn = '';
    for (let row = 0; row < cells; row++)
      for (let column = 0; column < cells; column++)
        if (code.isDark(row, column)) drawn += `M${column + QUIET} ${row + QUIET}h1v1h-1z`;
    return { path: drawn, size: cells + 2 * QUIET };
  }, [text]);
  return (
    <svg
      className="qr"
      viewBox={`0 0 ${size} ${size}`}
      role="img"
      aria-label="QR code of the secret below"
      shapeRendering="crispEdges"
    >
      <rect width={size} height={size} fill="#fff" />
      <path d={path} fill="#000" />
    </svg>
  );
}
