import { readFileSync } from 'node:fs';

/** What the schema file says of one table, in the database's own words. */
export interface TableShape {
  readonly columns: Record<string, string>;
  readonly primaryKey: string;
  readonly uniques: string[];
  readonly indexes: string[];
  /** `columns > table(columns) on delete …` */
  readonly foreignKeys: string[];
}

const TYPES: Record<string, string> = {
  String: 'text',
  Int: 'integer',
  BigInt: 'bigint',
  Bytes: 'bytea',
  Boolean: 'boolean',
  Json: 'jsonb',
  DateTime: 'timestamp(3) with time zone',
};

interface Field {
  readonly name: string;
  readonly type: string;
  readonly suffix: string;
  readonly rest: string;
}

interface Block {
  readonly name: string;
  readonly lines: string[];
  readonly table: string;
}

/** Reads schema.prisma as far as it describes tables and enums, without Prisma's own engine. */
export function readSchema(path: URL): {
  tables: Record<string, TableShape>;
  enums: Record<string, string[]>;
} {
  const text = readFileSync(path, 'utf8').replace(/\/\/.*$/gm, '');
  const enums = blocks(text, 'enum');
  const models = blocks(text, 'model');
  const tableOf = (model: string) => models.find((block) => block.name === model)?.table ?? model;
  const columnOf = (model: string, field: string) =>
    columnName(
      fields(models.find((block) => block.name === model)).find(({ name }) => name === field),
      field,
    );
  const enumType = (type: string) => enums.find((block) => block.name === type)?.table;
  const names = (model: string, list: string) =>
    list
      .split(',')
      .map((field) => columnOf(model, field.trim()))
      .join(', ');

  const shape = (model: Block): TableShape => {
    const all = fields(model);
    const attributes = model.lines.join('\n');
    const lists = (attribute: string) =>
      [...attributes.matchAll(new RegExp(`@@${attribute}\\(\\[([^\\]]+)\\]`, 'g'))].map(
        ([, list]) => names(model.name, list ?? ''),
      );
    const columns = all.flatMap((field) => {
      const type = TYPES[field.type] ?? enumType(field.type);
      if (!type) return [];
      const sql = field.suffix === '[]' ? `${type}[]` : type;
      const fallback = /@default\(/.test(field.rest) ? ' default' : '';
      return [
        [columnName(field), `${sql}${field.suffix === '?' ? '' : ' not null'}${fallback}`] as const,
      ];
    });
    return {
      columns: Object.fromEntries(columns),
      primaryKey: lists('id')[0] ?? columnName(all.find(({ rest }) => /@id\b/.test(rest))),
      uniques: [
        ...lists('unique'),
        ...all.filter(({ rest }) => /@unique\b/.test(rest)).map((f) => columnName(f)),
      ].sort(),
      indexes: lists('index').sort(),
      foreignKeys: all.flatMap((field) => foreignKey(field)).sort(),
    };

    function foreignKey({ type, rest }: Field): string[] {
      const found = /fields: \[([^\]]+)\], references: \[([^\]]+)\], onDelete: (\w+)/.exec(rest);
      if (!found) return [];
      const [, from = '', to = '', action = ''] = found;
      const rule = action.replace(/(?<=[a-z])(?=[A-Z])/g, ' ').toLowerCase();
      return [
        `${names(model.name, from)} > ${tableOf(type)}(${names(type, to)}) on delete ${rule}`,
      ];
    }
  };

  return {
    tables: Object.fromEntries(models.map((model) => [model.table, shape(model)])),
    enums: Object.fromEntries(
      enums.map(({ table, lines }) => [table, lines.filter((line) => /^\w+$/.test(line))]),
    ),
  };
}

function blocks(text: string, kind: string): Block[] {
  return [...text.matchAll(new RegExp(`^${kind} (\\w+) \\{\\n([^]*?)\\n\\}`, 'gm'))].map(
    ([, name = '', body = '']) => {
      const lines = body
        .split('\n')
        .map((line) => line.trim())
        .filter(Boolean);
      return { name, lines, table: /@@map\("(\w+)"\)/.exec(body)?.[1] ?? name };
    },
  );
}

function fields(block: Block | undefined): Field[] {
  return (block?.lines ?? []).flatMap((line) => {
    const [, name, type, suffix = '', rest = ''] =
      /^(\w+)\s+(\w+)(\[\]|\?)?\s*(.*)$/.exec(line) ?? [];
    return name && type ? [{ name, type, suffix, rest }] : [];
  });
}

function columnName(field: Field | undefined, fallback = ''): string {
  return /(?<!@)@map\("(\w+)"\)/.exec(field?.rest ?? '')?.[1] ?? field?.name ?? fallback;
}
