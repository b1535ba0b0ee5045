import { useState } from 'react';
import { ApiProblem } from '../../api/client.js';
import { TextArea } from '../../ui/field.js';
import { FormDialog } from '../../ui/form-dialog.js';

/** What was typed, as a value. @throws ApiProblem that says where it stops being JSON */
export function readJson(text: string, what: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new ApiProblem(400, 'invalid_request', `${what} is not JSON`, (error as Error).message);
  }
}

interface Props {
  readonly title: string;
  readonly description: string;
  readonly label: string;
  readonly value: unknown;
  /** Where the server names what is wrong with it. */
  readonly pointer: string;
  readonly action: string;
  readonly onClose: () => void;
  readonly onSave: (value: unknown) => Promise<unknown>;
}

/** One thing edited as the text that the API takes. */
export function JsonDialog(props: Props) {
  const { title, description, label, value, pointer, action, onClose, onSave } = props;
  const [text, setText] = useState(() => JSON.stringify(value, null, 2));
  return (
    <FormDialog
      title={title}
      description={description}
      action={action}
      onClose={onClose}
      onSubmit={async () => onSave(readJson(text, label))}
    >
      {(faultAt) => (
        <TextArea
          label={label}
          rows={12}
          required
          value={text}
          fault={faultAt(pointer)}
          onChange={(event) => setText(event.target.value)}
        />
      )}
    </FormDialog>
  );
}
