import type { z } from 'zod';
import type { ProblemCode } from './problems.js';

export interface HeaderSpec {
  readonly name: string;
  readonly description: string;
  readonly example?: string;
}

/** One route of the wire, said once: OpenAPI, validation and the tests that walk every route use it. */
export interface RouteSpec {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** With `{name}` for parameters, as in OpenAPI. */
  readonly path: string;
  readonly tag: string;
  readonly summary: string;
  readonly description?: string;
  /** `none`: open to all; `key`: an API key; `any`: a key or a client token; `session`: a cookie, or a key with `admin`. */
  readonly auth: 'none' | 'key' | 'any' | 'session' | 'operator';
  /** No GET, and changes nothing all the same: what is asked does not fit into a path. */
  readonly asks?: true;
  readonly query?: z.ZodType;
  /** Headers that mean something here, beside those of HTTP itself. */
  readonly headers?: readonly HeaderSpec[];
  readonly body?: z.ZodType;
  /** Other media types that the body may have. */
  readonly otherBodies?: readonly string[];
  readonly success: {
    readonly status: number;
    readonly schema?: z.ZodType;
    readonly headers?: readonly HeaderSpec[];
    readonly description: string;
  };
  readonly problems: readonly ProblemCode[];
}
