export type { Account } from './account.js';
export { publishedRows } from './published.js';
export { Redeliveries } from './redeliveries.js';
export { isCustomers, UsageBook, type CountedAnswer } from './usage-book.js';
export { UsageJournal, type UsageBatch } from './usage-journal.js';
