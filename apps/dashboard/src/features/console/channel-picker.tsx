import { useInfiniteQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useId, useState, type FormEvent } from 'react';
import { liveChannelsQuery } from '../../api/queries.js';
import { Button } from '../../ui/button.js';

interface Props {
  readonly app: string;
  readonly channels: readonly string[];
}

/** Which channels are watched; they stand in the address, so that a view can be shared. */
export function ChannelPicker({ app, channels }: Props) {
  const navigate = useNavigate();
  const [name, setName] = useState('');
  const list = useId();
  const { data } = useInfiniteQuery(liveChannelsQuery(app, ''));
  const live = data?.pages.flatMap((page) => page.data.map((channel) => channel.name)) ?? [];
  const watch = (names: readonly string[]) =>
    void navigate({
      to: '/apps/$app/console',
      params: { app },
      search: { channels: names },
      replace: true,
    });
  const add = (event: FormEvent) => {
    event.preventDefault();
    const wanted = name.trim();
    if (wanted !== '') watch([...new Set([...channels, wanted])]);
    setName('');
  };
  return (
    <form className="row" onSubmit={add}>
      {channels.map((channel) => (
        <span key={channel} className="badge" data-tone="accent">
          {channel}{' '}
          <button
            type="button"
            className="button"
            data-kind="plain"
            data-size="small"
            aria-label={`Stop watching ${channel}`}
            onClick={() => watch(channels.filter((other) => other !== channel))}
          >
            ×
          </button>
        </span>
      ))}
      <input
        className="input"
        style={{ width: 200 }}
        aria-label="Channel to watch"
        placeholder="channel"
        list={list}
        value={name}
        onChange={(event) => setName(event.target.value)}
      />
      <datalist id={list}>
        {live.map((channel) => (
          <option key={channel} value={channel} />
        ))}
      </datalist>
      <Button type="submit">Watch</Button>
    </form>
  );
}
