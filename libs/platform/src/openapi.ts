import {
  HEADER,
  LIMIT,
  ProblemBody,
  PROBLEMS,
  PROBLEM_TYPE,
  type HeaderSpec,
  type ProblemCode,
  type RouteSpec,
} from '#contracts';
import { z } from 'zod';

interface DocumentInfo {
  readonly title: string;
  readonly description: string;
  readonly server: string;
}

type Json = Record<string, unknown>;

/** The OpenAPI 3.1 document of a list of routes; schemas come from the same zod that validates. */
export function openapiDocument(info: DocumentInfo, routes: readonly RouteSpec[]): Json {
  const paths: Record<string, Json> = {};
  for (const route of routes) {
    const item = (paths[route.path] ??= {});
    item[route.method.toLowerCase()] = operation(route);
  }
  return {
    openapi: '3.1.0',
    info: {
      title: info.title,
      version: '0.1.0',
      description: info.description,
      license: { name: 'Apache-2.0' },
    },
    servers: [{ url: info.server }],
    paths,
    components: {
      securitySchemes: {
        key: {
          type: 'http',
          scheme: 'bearer',
          description: 'An API key, or HTTP Basic with the key as user name.',
        },
        token: {
          type: 'http',
          scheme: 'bearer',
          bearerFormat: 'JWT',
          description: 'A client token.',
        },
        session: { type: 'apiKey', in: 'cookie', name: 'holdline_session' },
      },
      schemas: { Problem: jsonSchema(ProblemBody, 'output') },
    },
  };
}

const SECURITY = {
  none: [],
  key: [{ key: [] }],
  any: [{ key: [] }, { token: [] }],
  session: [{ session: [] }, { key: [] }],
  operator: [{ session: [] }],
} as const;

function operation(route: RouteSpec): Json {
  const parameters = [
    ...pathParameters(route.path),
    ...queryParameters(route.query),
    ...headerParameters(route.headers),
  ];
  return {
    tags: [route.tag],
    summary: route.summary,
    ...(route.description ? { description: route.description } : {}),
    security: SECURITY[route.auth],
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(route.body ? { requestBody: { required: true, content: bodyContent(route) } } : {}),
    responses: {
      [route.success.status]: {
        description: route.success.description,
        ...(route.success.headers ? { headers: answerHeaders(route.success.headers) } : {}),
        ...(route.success.schema
          ? {
              content: {
                'application/json': { schema: jsonSchema(route.success.schema, 'output') },
              },
            }
          : {}),
      },
      ...problemResponses(route.problems),
    },
  };
}

function bodyContent(route: RouteSpec): Json {
  const content: Json = {
    'application/json': { schema: jsonSchema(route.body as z.ZodType, 'input') },
  };
  for (const type of route.otherBodies ?? []) {
    content[type] = { schema: { type: 'string', maxLength: LIMIT.messageMaxBytes } };
  }
  return content;
}

function pathParameters(path: string): Json[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));
}

function queryParameters(query: z.ZodType | undefined): Json[] {
  if (!query) return [];
  // What a value means, not the text that carries it.
  const schema = jsonSchema(query, 'output') as {
    properties?: Record<string, Json>;
    required?: string[];
  };
  return Object.entries(schema.properties ?? {}).map(([name, property]) => ({
    name,
    in: 'query',
    required: schema.required?.includes(name) ?? false,
    ...(typeof property['description'] === 'string'
      ? { description: property['description'] }
      : {}),
    schema: property,
  }));
}

function headerParameters(headers: readonly HeaderSpec[] = []): Json[] {
  return headers.map(({ name, ...rest }) => ({
    name,
    in: 'header',
    required: false,
    ...rest,
    schema: { type: 'string' },
  }));
}

function answerHeaders(headers: readonly HeaderSpec[]): Json {
  return Object.fromEntries(
    headers.map(({ name, ...rest }) => [name, { ...rest, schema: { type: 'string' } }]),
  );
}

const REFUSAL_HEADERS = answerHeaders([
  { name: HEADER.requestId, description: 'The `requestId` of the body.' },
  { name: 'Retry-After', description: 'Seconds, where it is known when a retry can succeed.' },
]);

/** Refusals that share a status stand in one response, each with its code and remedy. */
function problemResponses(codes: readonly ProblemCode[]): Json {
  const byStatus = new Map<number, ProblemCode[]>();
  for (const code of codes) {
    const status = PROBLEMS[code].status;
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  return Object.fromEntries(
    [...byStatus].map(([status, same]) => [
      status,
      {
        description: same
          .map((code) => `\`${code}\`: ${PROBLEMS[code].title}. ${PROBLEMS[code].remedy}`)
          .join('\n\n'),
        headers: REFUSAL_HEADERS,
        content: { [PROBLEM_TYPE]: { schema: { $ref: '#/components/schemas/Problem' } } },
      },
    ]),
  );
}

function jsonSchema(schema: z.ZodType, io: 'input' | 'output'): Json {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, {
    io,
    unrepresentable: 'any',
  }) as Json;
  return rest;
}
