import { Problem, type ListQuery, type Page } from '#contracts';

/** What Prisma needs for one page of rows that have an `id`; one row more than asked tells whether others follow. */
export async function pageById<Row>(
  query: ListQuery,
  list: {
    exists: (after: string) => Promise<unknown>;
    rows: (args: { take: number; skip?: number; cursor?: { id: string } }) => Promise<Row[]>;
  },
): Promise<Page<Row>> {
  const { after, limit } = query;
  if (after !== undefined && !(await list.exists(after))) throw unknownAfter();
  const rows = await list.rows({
    take: limit + 1,
    ...(after === undefined ? {} : { skip: 1, cursor: { id: after } }),
  });
  return cut(rows, limit);
}

export function cut<Row>(rows: Row[], limit: number): Page<Row> {
  return { data: rows.slice(0, limit), hasMore: rows.length > limit };
}

/** The same for an id that never existed and for one of another tenant. */
export function unknownAfter(): Problem {
  return new Problem(
    'invalid_request',
    '`after` is not an id of this list. Send the id of an item that it showed, or leave it out.',
    {
      errors: [{ pointer: '/after', message: 'is not an id of this list' }],
    },
  );
}
