import { useEffect, useState } from 'react';
import type { Receiving } from '../../api/receive.js';
import { Card } from '../../ui/page.js';

/** Names that are listed; the rest are counted. */
const SHOWN = 50;

interface Props {
  readonly receiving: Receiving;
  readonly channels: readonly string[];
}

/** Who is present in the channels that are watched, as it changes. */
export function PresenceCard({ receiving, channels }: Props) {
  const [members, setMembers] = useState<readonly string[]>([]);
  const watched = channels.join('\n');
  useEffect(() => {
    const here = new Map<string, Set<string>>();
    const show = () =>
      setMembers([...new Set([...here.values()].flatMap((ids) => [...ids]))].sort());
    const ends = watched
      .split('\n')
      .filter(Boolean)
      .map((name) => {
        const ids = new Set<string>();
        here.set(name, ids);
        return receiving.holdline.channel(name).presence.subscribe(({ action, clientId }) => {
          if (action === 'leave') ids.delete(clientId);
          else ids.add(clientId);
          show();
        });
      });
    show();
    return () => ends.forEach((end) => end());
  }, [receiving, watched]);
  return (
    <Card title={`Present: ${members.length}`}>
      {members.length === 0 ? (
        <p className="soft">
          Nobody has entered. Clients do so with their first poll, or the SDK’s presence.enter().
        </p>
      ) : (
        <div className="row">
          {members.slice(0, SHOWN).map((id) => (
            <span key={id} className="badge">
              {id}
            </span>
          ))}
          {members.length > SHOWN && (
            <span className="soft">and {members.length - SHOWN} more</span>
          )}
        </div>
      )}
    </Card>
  );
}
