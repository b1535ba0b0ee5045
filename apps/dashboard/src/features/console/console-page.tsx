import { useParams, useSearch } from '@tanstack/react-router';
import { useDeferredValue, useEffect, useMemo, useState, useSyncExternalStore } from 'react';
import type { Message } from '../../../../../libs/sdk/src/index.js';
import type { Receiving } from '../../api/receive.js';
import { useReceiving } from '../../api/use-receiving.js';
import { Button } from '../../ui/button.js';
import { TextField } from '../../ui/field.js';
import { whole } from '../../ui/figures.js';
import { Badge, Card, Page } from '../../ui/page.js';
import { ProblemNote } from '../../ui/problem-note.js';
import { Tabs } from '../../ui/tabs.js';
import { ChannelPicker } from './channel-picker.js';
import { HistoryPanel } from './history-panel.js';
import { MessageDetails } from './message-details.js';
import { MessageLog } from './message-log.js';
import { MessageStream } from './message-stream.js';
import { PresenceCard } from './presence-card.js';
import { PublishCard } from './publish-card.js';
import { useChannels } from './use-channels.js';

export function ConsolePage() {
  const { app } = useParams({ from: '/shell/apps/$app/console' });
  return <Console key={app} app={app} />;
}

function Console({ app }: { readonly app: string }) {
  const { channels: named } = useSearch({ from: '/shell/apps/$app/console' });
  const { receiving, problem } = useReceiving(app);
  const channels = useMemo(() => [named ?? 'hello'].flat(), [named]);
  return (
    <Page
      title="Console"
      lead="Messages as they happen, over one held request, as your users receive them."
      actions={receiving && <ConnectionState receiving={receiving} />}
    >
      <ProblemNote problem={problem} />
      <ChannelPicker app={app} channels={channels} />
      {receiving && <Watch app={app} receiving={receiving} channels={channels} />}
    </Page>
  );
}

function Watch({
  app,
  receiving,
  channels,
}: {
  readonly app: string;
  readonly receiving: Receiving;
  readonly channels: readonly string[];
}) {
  const log = useMemo(() => new MessageLog(), []);
  const { faults, gaps } = useChannels(receiving, channels, log);
  const [chosen, setChosen] = useState<{ key: number | null; message: Message } | null>(null);
  return (
    <div className="console">
      <div className="stack">
        {faults.map(({ channel, error }) => (
          <ProblemNote key={channel} problem={error} />
        ))}
        {gaps.map((text, index) => (
          <div key={index} className="note" data-tone="warn" role="alert">
            {text}
          </div>
        ))}
        <Tabs
          label="What to see"
          tabs={[
            {
              name: 'Live',
              content: (
                <LivePanel
                  log={log}
                  chosen={chosen?.key ?? null}
                  onChoose={(key, message) => setChosen({ key, message })}
                />
              ),
            },
            {
              name: 'History',
              content: (
                <HistoryPanel
                  receiving={receiving}
                  channels={channels}
                  onChoose={(message) => setChosen({ key: null, message })}
                />
              ),
            },
          ]}
        />
      </div>
      <div className="stack">
        {chosen ? (
          <MessageDetails app={app} message={chosen.message} deliveryUrl={receiving.deliveryUrl} />
        ) : (
          <Card title="Message">
            <p className="soft">Choose a message to look into it.</p>
          </Card>
        )}
        <PublishCard receiving={receiving} channels={channels} />
        <PresenceCard receiving={receiving} channels={channels} />
      </div>
    </div>
  );
}

interface LiveProps {
  readonly log: MessageLog;
  readonly chosen: number | null;
  readonly onChoose: (key: number, message: Message) => void;
}

function LivePanel({ log, chosen, onChoose }: LiveProps) {
  const { rows, received, isPaused, waiting } = useSyncExternalStore(log.subscribe, log.state);
  const [filter, setFilter] = useState('');
  const wanted = useDeferredValue(filter.toLowerCase());
  const shown = useMemo(
    () =>
      wanted === ''
        ? rows
        : rows.filter(
            ({ preview, message }) =>
              preview.toLowerCase().includes(wanted) ||
              message.channel.toLowerCase().includes(wanted),
          ),
    [rows, wanted],
  );
  return (
    <div className="stack">
      <div className="spread">
        <TextField
          label="Filter"
          placeholder="text in a message or channel"
          value={filter}
          onChange={(event) => setFilter(event.target.value)}
        />
        <div className="row">
          <span className="small soft">
            {whole(received)} received{isPaused && waiting > 0 ? `, ${whole(waiting)} wait` : ''}
          </span>
          <Button onClick={() => log.pause(!isPaused)}>{isPaused ? 'Go on' : 'Pause'}</Button>
          <Button onClick={() => log.clear()}>Clear</Button>
        </div>
      </div>
      <MessageStream
        rows={shown}
        chosen={chosen}
        onChoose={({ key, message }) => onChoose(key, message)}
      />
    </div>
  );
}

const WORDS = {
  idle: 'nothing to receive',
  connecting: 'connecting',
  live: 'live',
  waiting: 'waiting to try again',
  closed: 'closed',
} as const;

function ConnectionState({ receiving }: { readonly receiving: Receiving }) {
  const { holdline } = receiving;
  const [name, setName] = useState(holdline.state.state);
  useEffect(() => {
    setName(holdline.state.state);
    return holdline.on('state', ({ state }) => setName(state));
  }, [holdline]);
  return (
    <span role="status">
      <Badge tone={name === 'live' ? 'good' : name === 'closed' ? 'bad' : 'warn'}>
        {WORDS[name]}
      </Badge>
    </span>
  );
}
