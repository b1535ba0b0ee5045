import type { Database } from '#database';

/** A fingerprint of every row of every table, by the role that sees those of all tenants. */
export function everyRow(database: Database): Promise<Record<string, string>> {
  return database.asSystem(async (tx) => {
    const tables = await tx.$queryRaw<{ name: string }[]>`
      select format('%I', relname) as name from pg_class
      where relnamespace = 'public'::regnamespace and relkind = 'r'
        and has_table_privilege(oid, 'select')
      order by 1`;
    const prints: Record<string, string> = {};
    for (const { name } of tables) {
      const [found] = await tx.$queryRawUnsafe<{ print: string }[]>(
        `select count(*) || ' ' || md5(coalesce(string_agg(r::text, chr(10) order by r::text), '')) as print
         from ${name} r`,
      );
      prints[name] = found?.print ?? '';
    }
    return prints;
  });
}
