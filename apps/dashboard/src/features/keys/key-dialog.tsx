import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { ApiProblem, answered, api } from '../../api/client.js';
import { Button } from '../../ui/button.js';
import { Dialog } from '../../ui/dialog.js';
import { Check, SelectField, TextArea, TextField } from '../../ui/field.js';
import { ProblemNote } from '../../ui/problem-note.js';
import { OPERATIONS } from './capabilities.js';
import { ShownOnce, type Secrets } from './shown-once.js';

interface Props {
  readonly app: string;
  readonly onClose: () => void;
}

type Operation = (typeof OPERATIONS)[number];

/** Makes a key; then shows it, this once. */
export function KeyDialog({ app, onClose }: Props) {
  const client = useQueryClient();
  const [made, setMade] = useState<Secrets | null>(null);
  const [name, setName] = useState('');
  const [mode, setMode] = useState<'live' | 'test'>('live');
  const [pattern, setPattern] = useState('*');
  const [operations, setOperations] = useState<readonly Operation[]>([
    'publish',
    'subscribe',
    'history',
    'presence',
  ]);
  const [allowedIps, setAllowedIps] = useState('');
  const create = useMutation({
    mutationFn: () =>
      answered(
        api.POST('/v1/apps/{app}/keys', {
          params: { path: { app } },
          body: {
            ...(name && { name }),
            mode,
            capabilities: { [pattern]: [...operations] },
            allowedIps: allowedIps.split(/\s+/).filter((text) => text !== ''),
          },
        }),
      ),
    onSuccess: async (key) => {
      setMade(key);
      await client.invalidateQueries({ queryKey: ['apps', app, 'keys'] });
    },
  });
  if (made) return <ShownOnce secrets={made} title="The key is made" onClose={onClose} />;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    create.mutate();
  };
  const toggle = (operation: Operation) =>
    setOperations(
      operations.includes(operation)
        ? operations.filter((other) => other !== operation)
        : [...operations, operation],
    );
  const problem = create.error instanceof ApiProblem ? create.error : null;
  return (
    <Dialog title="New key" open onClose={onClose}>
      <form className="form" onSubmit={submit}>
        <TextField
          label="Name"
          hint="To tell keys apart, such as the server that uses it. May be left out."
          maxLength={100}
          value={name}
          onChange={(event) => setName(event.target.value)}
        />
        <SelectField
          label="Mode"
          value={mode}
          options={[
            { value: 'live', text: 'Live' },
            { value: 'test', text: 'Test' },
          ]}
          onChange={(event) => setMode(event.target.value as 'live' | 'test')}
        />
        <TextField
          label="Channels"
          hint="A name, room:* for all that begin with room:, or * for every channel."
          required
          value={pattern}
          fault={
            problem?.errors.find(({ pointer }) => pointer.startsWith('/capabilities'))?.message
          }
          onChange={(event) => setPattern(event.target.value)}
        />
        <fieldset className="field">
          <legend>What it may do</legend>
          {OPERATIONS.map((operation) => (
            <Check
              key={operation}
              label={operation === 'admin' ? 'admin: the control plane, for scripts' : operation}
              checked={operations.includes(operation)}
              onChange={() => toggle(operation)}
            />
          ))}
        </fieldset>
        <TextArea
          label="Addresses it may be used from"
          hint="One a line, such as 203.0.113.0/24. Empty: from anywhere."
          value={allowedIps}
          onChange={(event) => setAllowedIps(event.target.value)}
        />
        <ProblemNote problem={create.error} />
        <div className="dialog-actions">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" kind="main" busy={create.isPending}>
            Make the key
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
