import { memo, useState } from 'react';
import { Empty } from '../../ui/page.js';
import type { Logged } from './message-log.js';

/** Pixels; the style sheet's .stream-row has it too. */
const ROW = 28;
const SPARE = 6;
const CLOCK = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' });

interface Props {
  readonly rows: readonly Logged[];
  readonly chosen: number | null;
  readonly onChoose: (row: Logged) => void;
}

/** Only the rows in sight are in the document, however many there are. */
export function MessageStream({ rows, chosen, onChoose }: Props) {
  const [view, setView] = useState({ top: 0, height: 640 });
  const first = Math.max(0, Math.floor(view.top / ROW) - SPARE);
  const count = Math.ceil(view.height / ROW) + 2 * SPARE;
  return (
    <div
      className="stream"
      role="log"
      aria-label="Messages, newest first"
      aria-live="off"
      tabIndex={0}
      onScroll={({ currentTarget }) =>
        setView({ top: currentTarget.scrollTop, height: currentTarget.clientHeight })
      }
    >
      {rows.length === 0 && (
        <Empty title="Nothing yet">
          Messages show here as they come. Publish one beside, or look at what was before under
          History.
        </Empty>
      )}
      <div style={{ height: rows.length * ROW, position: 'relative' }}>
        <div style={{ position: 'absolute', top: first * ROW, left: 0, right: 0 }}>
          {rows.slice(first, first + count).map((row) => (
            <Row key={row.key} row={row} isChosen={row.key === chosen} onChoose={onChoose} />
          ))}
        </div>
      </div>
    </div>
  );
}

const Row = memo(function Row({
  row,
  isChosen,
  onChoose,
}: {
  readonly row: Logged;
  readonly isChosen: boolean;
  readonly onChoose: (row: Logged) => void;
}) {
  const { channel, timestamp } = row.message;
  return (
    <button
      type="button"
      className="stream-row"
      aria-pressed={isChosen}
      onClick={() => onChoose(row)}
    >
      <span className="soft">{CLOCK.format(new Date(timestamp))}</span>
      <span>{channel}</span>
      <span>{row.preview}</span>
    </button>
  );
});
