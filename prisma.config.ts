import { defineConfig } from 'prisma/config';

// Only `prisma generate` is used. Migrations are applied by libs/database, never by the Prisma CLI.
export default defineConfig({
  schema: 'prisma/schema.prisma',
  migrations: { path: 'prisma/migrations' },
});
