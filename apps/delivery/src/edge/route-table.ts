import { Problem } from '#contracts';
import type { Principal } from '#access';
import type { Exchange } from './exchange.js';

/** Answers one request. `params` are the path's, in order, as they came (percent-encoded). */
export type Handler = (
  exchange: Exchange,
  principal: Principal,
  params: readonly string[],
) => void | Promise<void>;

/** A handler that finds out by itself who asks. */
export type OpenHandler = (exchange: Exchange, params: readonly string[]) => void | Promise<void>;

export type Route =
  | { readonly kind: 'known'; readonly handle: Handler }
  | { readonly kind: 'open'; readonly handle: OpenHandler };

interface Node {
  readonly literals: Map<string, Node>;
  parameter: Node | null;
  methods: Map<string, Route> | null;
}

export interface Found {
  readonly route: Route;
  readonly params: readonly string[];
}

/** The paths of the data plane, as a tree of their segments; a literal goes before a parameter. */
export class RouteTable {
  private readonly root = newNode();

  /** @param pattern as in OpenAPI: `/v1/channels/{channel}/messages`. */
  add(method: string, pattern: string, handle: Handler): void {
    this.place(method, pattern, { kind: 'known', handle });
  }

  addOpen(method: string, pattern: string, handle: OpenHandler): void {
    this.place(method, pattern, { kind: 'open', handle });
  }

  /** @throws Problem not_found, or method_not_allowed with the `Allow` header set. */
  find(exchange: Exchange): Found {
    const { method, path } = exchange;
    const params: string[] = [];
    const node = this.walk(path, params);
    if (!node?.methods) {
      throw new Problem(
        'not_found',
        `There is nothing at ${method} ${path.slice(0, 200)}. The routes stand in /openapi.json.`,
      );
    }
    const route = node.methods.get(method);
    if (route) return { route, params };
    const allow = [...node.methods.keys()].join(', ');
    exchange.always(['Allow', allow]);
    throw new Problem(
      'method_not_allowed',
      `${path.slice(0, 200)} takes ${allow}, not ${method.slice(0, 20)}.`,
    );
  }

  private walk(path: string, params: string[]): Node | null {
    let node = this.root;
    let start = 1;
    for (;;) {
      const slash = path.indexOf('/', start);
      const segment = slash < 0 ? path.slice(start) : path.slice(start, slash);
      const literal = node.literals.get(segment);
      if (literal) node = literal;
      else if (node.parameter && segment !== '') {
        node = node.parameter;
        params.push(segment);
      } else return null;
      if (slash < 0) return node;
      start = slash + 1;
    }
  }

  private place(method: string, pattern: string, route: Route): void {
    let node = this.root;
    for (const segment of pattern.slice(1).split('/')) {
      if (segment.startsWith('{')) node = node.parameter ??= newNode();
      else {
        let next = node.literals.get(segment);
        if (!next) node.literals.set(segment, (next = newNode()));
        node = next;
      }
    }
    node.methods ??= new Map<string, Route>();
    node.methods.set(method, route);
  }
}

function newNode(): Node {
  return { literals: new Map<string, Node>(), parameter: null, methods: null };
}
