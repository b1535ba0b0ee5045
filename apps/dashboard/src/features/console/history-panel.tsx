import { useInfiniteQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { Message } from '../../../../../libs/sdk/src/index.js';
import type { Receiving } from '../../api/receive.js';
import { Button } from '../../ui/button.js';
import { SelectField } from '../../ui/field.js';
import { Empty } from '../../ui/page.js';
import { PagedTable } from '../../ui/paged-table.js';
import { Moment } from '../../ui/time.js';

const PAGE = 50;

interface Props {
  readonly receiving: Receiving;
  readonly channels: readonly string[];
  readonly onChoose: (message: Message) => void;
}

/** What is kept of one channel, newest first, back to its beginning. */
export function HistoryPanel({ receiving, channels, onChoose }: Props) {
  const [chosen, setChosen] = useState<string | null>(null);
  const channel = chosen !== null && channels.includes(chosen) ? chosen : (channels[0] ?? '');
  const query = useInfiniteQuery({
    queryKey: ['history', channel],
    enabled: channel !== '',
    initialPageParam: undefined as number | undefined,
    queryFn: async ({ pageParam }) => {
      const data: Message[] = [];
      const options = { limit: PAGE, ...(pageParam !== undefined && { before: pageParam }) };
      for await (const message of receiving.holdline.channel(channel).history(options))
        data.push(message);
      return { data, hasMore: data.length === PAGE };
    },
    getNextPageParam: ({ data, hasMore }) => (hasMore ? data.at(-1)?.position : undefined),
  });
  return (
    <div className="stack">
      <div className="row">
        <SelectField
          label="Channel"
          value={channel}
          options={channels.map((name) => ({ value: name, text: name }))}
          onChange={(event) => setChosen(event.target.value)}
        />
        <Button busy={query.isFetching} onClick={() => void query.refetch()}>
          Read anew
        </Button>
      </div>
      <PagedTable
        caption={`History of ${channel}`}
        query={query}
        keyOf={({ position }) => String(position)}
        empty={<Empty title="Nothing is kept">Publish to this channel and read anew.</Empty>}
        columns={[
          { head: 'Stored', cell: ({ timestamp }) => <Moment at={timestamp} /> },
          { head: 'Position', numeric: true, cell: ({ position }) => position },
          {
            head: 'Data',
            cell: (message) => (
              <button
                type="button"
                className="button"
                data-kind="plain"
                onClick={() => onChoose(message)}
              >
                <code>{JSON.stringify(message.data).slice(0, 120)}</code>
              </button>
            ),
          },
        ]}
      />
    </div>
  );
}
