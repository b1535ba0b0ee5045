import type { Message } from '../../../../../libs/sdk/src/index.js';
import { CodeBlock, Copy } from '../../ui/code-block.js';
import { Card, Facts } from '../../ui/page.js';
import { Moment } from '../../ui/time.js';
import { Tabs } from '../../ui/tabs.js';
import { receiveAsCurl } from './as-curl.js';
import { TracePanel } from './trace-panel.js';

interface Props {
  readonly app: string;
  readonly message: Message;
  readonly deliveryUrl: string;
}

export function MessageDetails({ app, message, deliveryUrl }: Props) {
  const { channel, position } = message;
  return (
    <Card
      title="Message"
      actions={<Copy label="Copy as curl" text={receiveAsCurl(deliveryUrl, message)} />}
    >
      <Tabs
        key={`${channel} ${position}`}
        label="Of this message"
        tabs={[
          { name: 'Content', content: <Content message={message} /> },
          { name: 'Trace', content: <TracePanel app={app} message={message} /> },
        ]}
      />
    </Card>
  );
}

function Content({ message }: { readonly message: Message }) {
  const { channel, id, position, previous, timestamp, name, clientId, headers, data } = message;
  return (
    <div className="stack">
      <Facts
        items={[
          ['Channel', <code key="c">{channel}</code>],
          ['Position', `${position} after ${previous === 0 ? 'none' : previous}`],
          ['Stored', <Moment key="t" at={timestamp} />],
          ['Id', <code key="i">{id}</code>],
          ...(name === undefined ? [] : [['Name', name] as const]),
          ...(clientId === undefined ? [] : [['Client', clientId] as const]),
          ...Object.entries(headers ?? {}).map(([key, value]) => [`Header ${key}`, value] as const),
        ]}
      />
      <CodeBlock
        label="data"
        text={typeof data === 'string' ? data : JSON.stringify(data, null, 2)}
      />
    </div>
  );
}
