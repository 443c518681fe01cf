import { ADMIN_PATH, type AnyOperation } from './operation.ts';
import { OPERATION_NAMES, operationOf } from './operations.ts';
import { PROBLEM, PROBLEMS } from './problem.ts';
import { ADMIN_SCOPES, ROLE_MEANINGS, ROLES, scopeOf, scopesFor } from './roles.ts';
import type { JsonSchema } from './shape.ts';

/** `openapi.json` (OpenAPI 3.1): everything in it is from the table of operations. */
export function openapiDocument(issuer: string): JsonSchema {
  const components: Record<string, JsonSchema> = {};
  const paths: Record<string, Record<string, JsonSchema>> = {};
  for (const name of OPERATION_NAMES) {
    const operation = operationOf(name);
    const path = (paths[operation.path] ??= {});
    path[operation.method.toLowerCase()] = describe(name, operation, components);
  }
  nameIt(PROBLEM, components);
  return {
    openapi: '3.1.0',
    info: { title: 'Hufu admin API', version: '1', description: DESCRIPTION },
    servers: [{ url: `${issuer}${ADMIN_PATH}` }],
    paths,
    components: {
      schemas: components,
      securitySchemes: {
        token: {
          type: 'oauth2',
          description: `An access token for ${issuer}${ADMIN_PATH}: a client’s own, or a person’s who is an administrator.`,
          flows: {
            clientCredentials: { tokenUrl: `${issuer}/oauth/token`, scopes: SCOPES },
            authorizationCode: { authorizationUrl: `${issuer}/oauth/authorize`, tokenUrl: `${issuer}/oauth/token`, scopes: SCOPES },
          },
        },
      },
    },
  };
}

const DESCRIPTION =
  'Times are seconds since 1970. Lists are pages: `next` of one is the `cursor` of the next. Refusals are problem details (RFC 9457). What is marked as dangerous needs, of a person, a sign-in of the last five minutes (RFC 9470).';

const SCOPES: Readonly<Record<string, string>> = Object.fromEntries(
  ADMIN_SCOPES.map((scope) => {
    const role = ROLES.find((one) => scopeOf(one) === scope);
    return [scope, role === undefined ? 'the limits of flow control alone' : ROLE_MEANINGS[role]];
  }),
);

function describe(name: string, operation: AnyOperation, components: Record<string, JsonSchema>): JsonSchema {
  const { status, body } = operation.reply;
  const etag = { ETag: { description: 'For `If-Match`.', schema: { type: 'string' } } };
  return {
    operationId: name,
    tags: [name.split('.')[0]],
    summary: operation.summary,
    'x-hufu-role': operation.role,
    'x-hufu-effect': operation.effect,
    security: scopesFor(operation).map((scope) => ({ token: [scope] })),
    parameters: [...pathParameters(operation), ...queryParameters(operation), ...headerParameters(operation)],
    ...(operation.body === undefined
      ? {}
      : { requestBody: { required: true, content: { 'application/json': { schema: nameIt(operation.body, components) } } } }),
    responses: {
      [status]: {
        description: status === 204 ? 'Done.' : 'The answer.',
        headers: etag,
        ...(body === undefined ? {} : { content: { 'application/json': { schema: nameIt(body, components) } } }),
      },
      ...Object.fromEntries(
        refusalsOf(operation).map((refusal) => [
          refusal,
          {
            description: titlesOf(refusal),
            headers: { 'Hufu-Decision': { description: 'The decision that explains it.', schema: { type: 'string' } } },
            content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
          },
        ]),
      ),
    },
  };
}

/** The statuses that an operation may be refused with. */
export function refusalsOf({ params, match, once, conflicts }: AnyOperation): readonly number[] {
  return [
    400,
    401,
    403,
    ...(Object.keys(params).length > 0 ? [404] : []),
    ...(conflicts === true || once === true ? [409] : []),
    ...(match === undefined ? [] : [412]),
    413,
    414,
    415,
    ...(once === true ? [422] : []),
    ...(match === 'required' ? [428] : []),
    429,
    500,
    503,
  ].filter((status) => titlesOf(status) !== '');
}

function titlesOf(status: number): string {
  if (status === 413 || status === 414 || status === 415) return 'The body or the address is too large, or the body is encoded.';
  return Object.values(PROBLEMS)
    .filter((problem) => problem.status === status)
    .map(({ title }) => `${title}.`)
    .join(' ');
}

function pathParameters({ params }: AnyOperation): readonly JsonSchema[] {
  return Object.entries(params).map(([name, schema]) => ({ name, in: 'path', required: true, schema }));
}

function queryParameters({ query }: AnyOperation): readonly JsonSchema[] {
  return Object.entries<JsonSchema>(Object(query['properties'])).map(([name, schema]) => ({ name, in: 'query', required: false, schema }));
}

function headerParameters({ match, once }: AnyOperation): readonly JsonSchema[] {
  const schema = { type: 'string' };
  return [
    ...(match === undefined ? [] : [{ name: 'If-Match', in: 'header', required: match === 'required', schema }]),
    ...(once === true
      ? [
          {
            name: 'Idempotency-Key',
            in: 'header',
            required: false,
            schema: { ...schema, minLength: 1, maxLength: 64, pattern: '^[!-~]+$' },
          },
        ]
      : []),
  ];
}

/** A shape with a name becomes a component; so do those in it. */
function nameIt(schema: JsonSchema, components: Record<string, JsonSchema>): JsonSchema {
  const inner = withNamed(schema, components);
  const title = schema['title'];
  if (typeof title !== 'string') return inner;
  components[title] ??= inner;
  return { $ref: `#/components/schemas/${title}` };
}

function withNamed(schema: JsonSchema, components: Record<string, JsonSchema>): JsonSchema {
  const { properties, items } = schema;
  return {
    ...schema,
    ...(isObject(properties)
      ? {
          properties: Object.fromEntries(
            Object.entries(properties).map(([name, value]) => [name, isObject(value) ? nameIt(value, components) : value]),
          ),
        }
      : {}),
    ...(isObject(items) ? { items: nameIt(items, components) } : {}),
  };
}

function isObject(value: unknown): value is JsonSchema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
