import { useEffect, useState } from 'react';
import type { Receiving } from '../../api/receive.js';
import type { MessageLog } from './message-log.js';

interface ChannelFault {
  readonly channel: string;
  readonly error: unknown;
}

/** Receives the channels into the log; says which cannot be read and where messages are missing. */
export function useChannels(receiving: Receiving, channels: readonly string[], log: MessageLog) {
  const [faults, setFaults] = useState<readonly ChannelFault[]>([]);
  const [gaps, setGaps] = useState<readonly string[]>([]);
  const watched = channels.join('\n');
  useEffect(() => {
    setFaults([]);
    const ends = watched
      .split('\n')
      .filter(Boolean)
      .flatMap((name) => {
        const channel = receiving.holdline.channel(name);
        return [
          channel.subscribe((message) => log.add(message)),
          channel.on('error', (error) => setFaults((all) => [...all, { channel: name, error }])),
          channel.on('gap', ({ reason, count }) =>
            setGaps((all) => [
              ...all.slice(-4),
              `${count ?? 'Some'} messages of ${name} will not be shown (${reason}).`,
            ]),
          ),
        ];
      });
    return () => ends.forEach((end) => end());
  }, [receiving, watched, log]);
  return { faults, gaps };
}
