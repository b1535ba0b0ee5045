import { z } from 'zod';

/** A text that people see. Control characters have no place in it, and PostgreSQL cannot store NUL. */
export const label = (what: string, max = 100) =>
  z
    .string()
    .trim()
    .min(1, `${what} cannot be empty`)
    .max(max, `${what} has at most ${max} characters`)
    .regex(/^[^\p{Cc}\p{Surrogate}]*$/u, `${what} cannot hold control characters`);

/** The query of every list. `after` is the id (or name) of the last item that the page before showed. */
export const ListQuery = z.object({
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(100)
    .default(50)
    .meta({ description: 'Items on a page, 1 to 100.' }),
  after: z
    .string()
    .min(1)
    .max(255)
    .regex(/^[^\p{Cc}\p{Surrogate}]*$/u, 'after is not an id of this list')
    .optional()
    .meta({
      description: 'The id of the last item of the page before (for namespaces: its name).',
    }),
});
export type ListQuery = z.output<typeof ListQuery>;

/** A page of a list; ask on with `after` = the last item's id while `hasMore` is true. */
export const page = <T extends z.ZodType>(item: T) =>
  z.object({ data: z.array(item), hasMore: z.boolean() });

export interface Page<T> {
  data: T[];
  hasMore: boolean;
}

/** RFC 3339 with an offset or `Z`. */
export const Timestamp = z.iso.datetime({ offset: true });
