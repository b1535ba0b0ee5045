import { useMutation } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import type { Receiving } from '../../api/receive.js';
import { Button } from '../../ui/button.js';
import { Copy } from '../../ui/code-block.js';
import { TextArea, TextField } from '../../ui/field.js';
import { Card } from '../../ui/page.js';
import { ProblemNote } from '../../ui/problem-note.js';
import { publishAsCurl } from './as-curl.js';

interface Props {
  readonly receiving: Receiving;
  readonly channels: readonly string[];
}

export function PublishCard({ receiving, channels }: Props) {
  const { holdline, deliveryUrl, mayPublish } = receiving;
  const [channel, setChannel] = useState<string | null>(null);
  const [name, setName] = useState('');
  const [text, setText] = useState('"Hello from the console"');
  const target = channel ?? channels[0] ?? '';
  const options = name === '' ? {} : { name };
  const publish = useMutation({
    mutationFn: () => holdline.channel(target).publish(parsed(text), options),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    publish.mutate();
  };
  if (!mayPublish)
    return (
      <Card title="Publish">
        <p className="soft">You may look here; publishing takes an owner or developer.</p>
      </Card>
    );
  return (
    <Card
      title="Publish"
      actions={
        <Copy
          label="Copy publish as curl"
          text={publishAsCurl(deliveryUrl, target, { data: parsed(text), ...options })}
        />
      }
    >
      <form className="form" onSubmit={submit}>
        <TextField
          label="To channel"
          required
          value={target}
          onChange={(event) => setChannel(event.target.value)}
        />
        <TextField
          label="Name"
          hint="May be left out."
          value={name}
          onChange={(event) => setName(event.target.value)}
        />
        <TextArea
          label="Data"
          hint="JSON; anything else goes as text."
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
        <ProblemNote problem={publish.error} />
        <div className="row">
          <Button type="submit" kind="main" busy={publish.isPending}>
            Publish
          </Button>
          <span role="status" className="small soft">
            {publish.data && `Stored at position ${publish.data.position}.`}
          </span>
        </div>
      </form>
    </Card>
  );
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
