import type { App } from '#contracts';

interface AppRow {
  id: string;
  name: string;
  allowedOrigins: string[];
  jwks: unknown;
  createdAt: Date;
}

export function shownApp(row: AppRow): App {
  return {
    id: row.id,
    name: row.name,
    allowedOrigins: row.allowedOrigins,
    jwks: row.jwks as App['jwks'],
    createdAt: row.createdAt.toISOString(),
  };
}
