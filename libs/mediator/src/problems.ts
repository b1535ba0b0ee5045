import { Problem } from '#contracts';

const RETRY_SECONDS = 1;

export const unreadable = (cause: unknown): Problem =>
  new Problem(
    'unavailable',
    'The message log could not be read just now. Nothing is lost: ask again with the same cursor.',
    { retryAfter: RETRY_SECONDS },
    cause,
  );

export const unreachable = (cause: unknown): Problem =>
  new Problem(
    'unavailable',
    'The message log did not answer just now. Send the same request again.',
    { retryAfter: RETRY_SECONDS },
    cause,
  );

export const tooSlow = (): Problem =>
  new Problem(
    'unavailable',
    'The message log did not answer in time. Nothing is lost: ask again the same way.',
    { retryAfter: RETRY_SECONDS },
  );

export const crowded = (): Problem =>
  new Problem(
    'unavailable',
    'This server holds as many channels as it has room for. Ask again: another server may have room.',
    { retryAfter: RETRY_SECONDS },
  );

export const closing = (): Problem =>
  new Problem('draining', 'This server is shutting down. Ask again with the same cursor.');

export const foreignCursor = (): Problem =>
  new Problem(
    'invalid_cursor',
    'The cursor is not one that Holdline gave out for these channels, or it was changed on the way. Send it exactly as an earlier answer had it, or leave it out to start anew.',
  );
