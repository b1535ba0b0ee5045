import { z } from 'zod';
import { utf8Bytes } from './channels.js';
import { LIMIT } from './limits.js';

/** Milliseconds that a reader may ask its answer to wait for more. */
export const WINDOW_MAX_MS = 5000;
/** Patterns for the name, and for each header; headers in one filter. */
export const FILTER_PATTERNS = 50;
export const FILTER_HEADERS = 16;

const CONTROL = /[\u0000-\u001f\u007f]/;

const pattern = (maxBytes: number) =>
  z
    .string()
    .min(1, 'a pattern cannot be empty')
    .refine((text) => !CONTROL.test(text), 'a pattern cannot hold control characters')
    .refine((text) => utf8Bytes(text) <= maxBytes, `a pattern has at most ${maxBytes} bytes`)
    .refine(
      (text) => !text.slice(0, -1).includes('*'),
      '`*` stands at the end of a pattern: `chat.*` is every text that begins with `chat.`',
    );

const patterns = (maxBytes: number) =>
  z
    .array(pattern(maxBytes))
    .min(1, 'name at least one pattern, or leave it out')
    .max(FILTER_PATTERNS, `at most ${FILTER_PATTERNS} patterns`);

const headerKey = z
  .string()
  .min(1, 'a header has a name')
  .refine((key) => utf8Bytes(key) <= LIMIT.messageHeaderBytes, 'the header’s name is too long');

/**
 * Which messages a reader wants. A pattern is a text, or a beginning followed by `*`. A message has to
 * match one of the names and, of each header named, one of the values.
 */
export const ReceiveFilter = z
  .strictObject({
    names: patterns(LIMIT.nameBytes).optional(),
    headers: z
      .record(headerKey, patterns(LIMIT.messageHeaderBytes))
      .refine(
        (headers) => Object.keys(headers).length <= FILTER_HEADERS,
        `at most ${FILTER_HEADERS} headers`,
      )
      .optional(),
  })
  .refine(
    ({ names, headers }) => names !== undefined || Object.keys(headers ?? {}).length > 0,
    'a filter says `names`, `headers` or both',
  );

export const Conflate = headerKey.meta({
  description:
    'A header: of the messages with equal values of it, each answer brings only the newest.',
});

export const Window = z
  .number()
  .int()
  .min(0)
  .max(WINDOW_MAX_MS, `at most ${WINDOW_MAX_MS} ms`)
  .meta({
    description: 'Milliseconds from the first message to the answer, to gather more meanwhile.',
  });

/** What a reader asks for beside its channels, in the body of a poll. */
export const ViewFields = {
  filter: ReceiveFilter.optional(),
  conflate: Conflate.optional(),
  window: Window.optional(),
};

export const ViewBody = z.strictObject(ViewFields);
export type ViewBody = z.output<typeof ViewBody>;

/** The same in a query, for the documents: `apps/delivery` reads them one by one. */
export const ViewQueryFields = {
  name: z.string().optional().meta({
    description:
      'Only messages with this name (`chat`) or beginning (`chat.*`); may be repeated. Likewise `header.<key>=<value>` for each header that counts.',
  }),
  conflate: z.string().optional().meta({
    description:
      'A header: of the messages with equal values of it, each answer brings only the newest.',
  }),
  window: z.string().optional().meta({
    description:
      'Milliseconds (at most 5000) from the first message to the answer, to gather more meanwhile.',
  }),
};

/** What an answer says of messages it covers and does not bring, where that was asked for. */
export const OmittedFields = {
  filtered: z.number().int().optional().meta({
    description: 'Covered, and left out by the filter.',
  }),
  conflated: z.number().int().optional().meta({
    description: 'Covered, and left out because a newer one has the same value.',
  }),
};
