import type { Form } from './form.js';

/** `METHOD /v1/path/:id` → what it answers; the parts named by `:` come in their order. */
export type Routes = Record<string, (form: Form, path: string[]) => object>;

/** Finds the route of a request among them. */
export class RouteTable {
  private readonly routes: { method: string; pattern: RegExp; handle: Routes[string] }[] = [];

  constructor(...tables: Routes[]) {
    for (const [name, handle] of tables.flatMap((table) => Object.entries(table))) {
      const [method = '', path = ''] = name.split(' ');
      const pattern = new RegExp(`^${path.replace(/:\w+/g, '([^/]+)')}$`);
      this.routes.push({ method, pattern, handle });
    }
  }

  find(method: string, path: string): ((form: Form) => object) | null {
    for (const route of this.routes) {
      const match = route.method === method ? route.pattern.exec(path) : null;
      if (match) return (form) => route.handle(form, match.slice(1).map(decodeURIComponent));
    }
    return null;
  }
}
