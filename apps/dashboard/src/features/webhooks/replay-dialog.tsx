import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { answered, api } from '../../api/client.js';
import { Button } from '../../ui/button.js';
import { Dialog } from '../../ui/dialog.js';
import { Check, SelectField } from '../../ui/field.js';
import { ProblemNote } from '../../ui/problem-note.js';

const SPANS = [
  { value: '1', text: 'The last hour' },
  { value: '24', text: 'The last 24 hours' },
  { value: '72', text: 'The last three days' },
  { value: '336', text: 'The last 14 days' },
];

interface Props {
  readonly webhook: string;
  readonly onClose: () => void;
}

export function ReplayDialog({ webhook, onClose }: Props) {
  const client = useQueryClient();
  const [hours, setHours] = useState('24');
  const [onlyDead, setOnlyDead] = useState(true);
  const replay = useMutation({
    mutationFn: () => {
      const now = Date.now();
      return answered(
        api.POST('/v1/webhooks/{webhook}/replay', {
          params: { path: { webhook } },
          body: {
            from: new Date(now - Number(hours) * 3_600_000).toISOString(),
            to: new Date(now + 60_000).toISOString(),
            ...(onlyDead && { status: 'dead' as const }),
          },
        }),
      );
    },
    onSuccess: () => client.invalidateQueries({ queryKey: ['webhooks', webhook] }),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    replay.mutate();
  };
  return (
    <Dialog
      title="Replay"
      description="Sends deliveries again with the same ids, so that a receiver can tell that it knows them. It costs nothing."
      open
      onClose={onClose}
    >
      <form className="form" onSubmit={submit}>
        <SelectField
          label="Events of"
          value={hours}
          options={SPANS}
          onChange={(event) => setHours(event.target.value)}
        />
        <Check
          label="Dead letters alone"
          checked={onlyDead}
          onChange={(event) => setOnlyDead(event.target.checked)}
        />
        <ProblemNote problem={replay.error} />
        <p role="status">{replay.data && `${replay.data.replayed} deliveries are sent again.`}</p>
        <div className="dialog-actions">
          <Button onClick={onClose}>Close</Button>
          <Button type="submit" kind="main" busy={replay.isPending}>
            Replay
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
