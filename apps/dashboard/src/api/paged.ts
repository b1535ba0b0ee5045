import { infiniteQueryOptions } from '@tanstack/react-query';

interface Page<T> {
  readonly data: T[];
  readonly hasMore: boolean;
}

/** Items on one page of a list. */
export const PAGE = 50;

/** A list that is read on page by page; `idOf` names the item that the next page begins after. */
export function pagedQuery<T, P extends Page<T> = Page<T>>(
  queryKey: readonly unknown[],
  read: (after: string | undefined) => Promise<P & Page<T>>,
  idOf: (item: T) => string,
) {
  return infiniteQueryOptions({
    queryKey,
    queryFn: ({ pageParam }) => read(pageParam),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last: P & Page<T>) => {
      const item = last.data.at(-1);
      return last.hasMore && item !== undefined ? idOf(item) : undefined;
    },
  });
}
