import { invalid } from './refusal.js';

/** What a form says: texts, and objects and lists of them by `a[b][0]=…`. */
export type Form = { [name: string]: FormValue | undefined };
export type FormValue = string | Form | FormValue[];

/** As Stripe reads `application/x-www-form-urlencoded` bodies and queries. */
export function parseForm(text: string): Form {
  const root: Form = {};
  for (const [name, value] of new URLSearchParams(text)) {
    const path = name.split(/[[\]]+/).filter((part, at) => part !== '' || at === 0);
    let here: Form = root;
    for (const part of path.slice(0, -1)) {
      here[part] ??= {};
      here = here[part] as Form;
    }
    const last = path.at(-1) ?? '';
    // `types[]=a&types[]=b`: the empty index appends.
    if (name.endsWith('[]')) {
      here[last] ??= {};
      const list = here[last] as Form;
      list[Object.keys(list).length] = value;
    } else here[last] = value;
  }
  return listed(root) as Form;
}

/** Objects whose names count up from 0 are lists. */
function listed(value: FormValue): FormValue {
  if (typeof value !== 'object' || Array.isArray(value)) return value;
  const names = Object.keys(value);
  if (names.length > 0 && names.every((name, at) => name === String(at))) {
    return names.map((name) => listed(value[name] ?? ''));
  }
  return Object.fromEntries(names.map((name) => [name, listed(value[name] ?? '')]));
}

export function text(form: Form, name: string): string | null {
  const value = form[name];
  if (value === undefined || value === '') return null;
  if (typeof value !== 'string') throw invalid(`Invalid string: ${name}`, name);
  return value;
}

export function needed(form: Form, name: string): string {
  const value = text(form, name);
  if (value === null) throw invalid(`Missing required param: ${name}.`, name, 'parameter_missing');
  return value;
}

export function whole(form: Form, name: string): number | null {
  const value = text(form, name);
  if (value === null) return null;
  if (!/^-?\d+$/.test(value)) throw invalid(`Invalid integer: ${value}`, name);
  return Number(value);
}

export function truth(form: Form, name: string): boolean | null {
  const value = text(form, name);
  return value === null ? null : value === 'true';
}

export function part(form: Form, name: string): Form | null {
  const value = form[name];
  if (value === undefined || value === '') return null;
  if (typeof value !== 'object' || Array.isArray(value)) {
    throw invalid(`Invalid object: ${name}`, name);
  }
  return value;
}

export function parts(form: Form, name: string): Form[] {
  const value = form[name];
  if (value === undefined || value === '') return [];
  if (!Array.isArray(value)) throw invalid(`Invalid array: ${name}`, name);
  return value as Form[];
}

export function texts(form: Form, name: string): string[] {
  return parts(form, name) as unknown as string[];
}

/** Names of at most 40 characters and values of at most 500; an empty value takes the name away. */
export function metadata(form: Form, before: Record<string, string> = {}): Record<string, string> {
  const given = part(form, 'metadata') ?? {};
  const merged = { ...before };
  for (const [name, value] of Object.entries(given)) {
    if (name.length > 40 || typeof value !== 'string' || value.length > 500) {
      throw invalid('Metadata keys have at most 40 characters and values at most 500.', 'metadata');
    }
    if (value === '') delete merged[name];
    else merged[name] = value;
  }
  return merged;
}
