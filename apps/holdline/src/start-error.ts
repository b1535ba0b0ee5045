/** A start that cannot go on. The message says what happened and what to do; no stack trace is shown. */
export class StartError extends Error {}
