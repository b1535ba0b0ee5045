import type { UseInfiniteQueryResult, InfiniteData } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { Button } from './button.js';
import { Loaded } from './loaded.js';

export interface Column<T> {
  readonly head: string;
  readonly cell: (item: T) => ReactNode;
  readonly numeric?: boolean;
}

interface TableProps<T> {
  readonly caption: string;
  readonly columns: readonly Column<T>[];
  readonly items: readonly T[];
  readonly keyOf: (item: T, index: number) => string;
}

export function Table<T>({ caption, columns, items, keyOf }: TableProps<T>) {
  return (
    <div className="table-frame" role="region" aria-label={caption} tabIndex={0}>
      <table className="table">
        <caption className="visually-hidden">{caption}</caption>
        <thead>
          <tr>
            {columns.map(({ head, numeric }) => (
              <th key={head} scope="col" className={numeric ? 'number' : undefined}>
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {items.map((item, index) => (
            <tr key={keyOf(item, index)}>
              {columns.map(({ head, cell, numeric }) => (
                <td key={head} className={numeric ? 'number' : undefined}>
                  {cell(item)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface PagedProps<T> extends Omit<TableProps<T>, 'items'> {
  readonly query: UseInfiniteQueryResult<InfiniteData<{ data: T[]; hasMore: boolean }>>;
  readonly empty: ReactNode;
}

/** A list that goes on when asked for more. */
export function PagedTable<T>({ query, empty, ...table }: PagedProps<T>) {
  return (
    <Loaded query={query}>
      {(pages) => {
        const items = pages.pages.flatMap(({ data }) => data);
        if (items.length === 0) return <div className="card">{empty}</div>;
        return (
          <div className="stack">
            <Table {...table} items={items} />
            {query.hasNextPage && (
              <div>
                <Button busy={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
                  Show more
                </Button>
              </div>
            )}
          </div>
        );
      }}
    </Loaded>
  );
}
