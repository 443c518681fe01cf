/** Requests made from the schemas of the table, good and bad: what comes back is always in `openapi.json`, and never our fault. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { refusalsOf } from '@hufu/protocol/admin/openapi';
import { OPERATION_NAMES, type OperationName, operationOf } from '@hufu/protocol/admin/operations';
import { PROBLEM } from '@hufu/protocol/admin/problem';
import type { JsonSchema } from '@hufu/protocol/admin/shape';
import fc from 'fast-check';
import { type Asked, ask, openAdminWorld, roleToken, type Told } from '../testing/admin-world.ts';
import { tokensOf } from '../testing/visits.ts';
import type { World } from '../testing/world.ts';
import { judgeOf } from './validate.ts';

/** Together more than 5,000. */
const REQUESTS_EACH = 115;

let world: World;
let token = '';
before(async () => {
  world = await openAdminWorld();
  await tokensOf(world, { scope: 'openid read' });
  token = await roleToken(world, 'owner');
});
after(() => world.close());

const text = fc.oneof(
  fc.string({ maxLength: 40 }),
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.constantFrom('', '0', '..', '%00', '\0', '\ud800', '__proto__'),
);
const name = fc.oneof(
  fc.constantFrom(
    'alice-sub',
    'bob-sub',
    'sub-read',
    'sub-owner',
    'spa',
    'web',
    'machine',
    'console',
    'sign-up',
    'tokens',
    '1',
    '2',
    '1-2',
    '999',
  ),
  text,
);
const METADATA_OF_ANY = fc.record(
  {
    client_name: text,
    redirect_uris: fc.array(fc.oneof(fc.constant('https://a.example/cb'), fc.webUrl(), text), { maxLength: 3 }),
    grant_types: fc.array(fc.constantFrom('authorization_code', 'refresh_token', 'client_credentials', 'password', 'nothing'), {
      maxLength: 3,
    }),
    token_endpoint_auth_method: fc.constantFrom('none', 'client_secret_basic', 'client_secret_jwt', 'private_key_jwt', 'x'),
    scope: fc.constantFrom('openid', 'read write', 'hufu:admin:owner', ''),
    jwks: fc.jsonValue({ maxDepth: 2 }),
    hufu: fc.oneof(fc.constant({}), fc.jsonValue({ maxDepth: 2 })),
  },
  { requiredKeys: [] },
);
const METADATA = fc.oneof(
  fc.constantFrom<object>(
    { client_name: 'Web', redirect_uris: ['https://a.example/cb'], grant_types: ['authorization_code', 'refresh_token'] },
    { grant_types: ['client_credentials'], scope: 'read' },
    { redirect_uris: ['https://b.example/cb'], token_endpoint_auth_method: 'none', hufu: { first_party: true } },
  ),
  METADATA_OF_ANY,
);
const CLAIMS = fc.record(
  {
    name: text,
    email: fc.oneof(fc.emailAddress(), text),
    email_verified: fc.boolean(),
    address: fc.jsonValue({ maxDepth: 2 }),
    'name#zh-CN': text,
  },
  { requiredKeys: [] },
);

/** A value that fits a schema. */
function fitting(schema: JsonSchema, member = ''): fc.Arbitrary<unknown> {
  if (member === 'metadata') return METADATA;
  if (member === 'claims') return CLAIMS;
  const { type, properties, items, required } = schema;
  if (Array.isArray(schema['enum'])) return fc.constantFrom(...schema['enum']);
  if (type === 'string') return textOf(schema);
  if (type === 'integer') return fc.integer({ min: Number(schema['minimum'] ?? 0), max: Number(schema['maximum'] ?? 2 ** 31) });
  if (type === 'boolean') return fc.boolean();
  if (type === 'array') return fc.array(fitting(Object(items)), { maxLength: 3 });
  if (type !== 'object') return fc.jsonValue({ maxDepth: 2 });
  if (schema['additionalProperties'] !== false)
    return fc.dictionary(fc.constantFrom('key', 'limit', 'period', 'kind', 'burst'), fc.jsonValue({ maxDepth: 2 }));
  const members = Object.entries<JsonSchema>(Object(properties)).map(([key, value]) => [key, fitting(value, key)] as const);
  return fc.record(Object.fromEntries(members), { requiredKeys: Array.isArray(required) ? required : [] });
}

function textOf({ pattern, minLength, maxLength }: JsonSchema): fc.Arbitrary<string> {
  if (typeof pattern === 'string') return fc.stringMatching(new RegExp(pattern));
  const [min, max] = [Number(minLength ?? 0), Math.min(Number(maxLength ?? 40), 60)];
  return fc.oneof(fc.string({ minLength: min, maxLength: Math.max(min, max) }), name);
}

/** A request that often fits, and often does not. */
function requestsOf(operation: OperationName): fc.Arbitrary<Asked> {
  const { params, query, body } = operationOf(operation);
  const fits = fitting(query).map((values) =>
    new URLSearchParams(Object.entries(Object(values)).map(([key, value]) => [key, String(value)])).toString(),
  );
  // Nothing of what all other requests need is to go.
  const looks = operation === 'keys.rotate' || operation === 'keys.revoke' ? fc.constant('dry_run=true') : fits;
  const bad = fc.oneof(text, fc.constantFrom('limit=0', 'limit=1&limit=2', 'cursor=AAAA', 'dry_run=maybe', 'a=b&'.repeat(30), '%'));
  return fc.record(
    {
      params: fc.record(Object.fromEntries(Object.keys(params).map((key) => [key, name]))),
      query: operation.startsWith('keys.r') ? looks : fc.oneof({ weight: 4, arbitrary: looks }, { weight: 1, arbitrary: bad }),
      body:
        body === undefined
          ? fc.oneof({ weight: 9, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: fc.jsonValue() })
          : fc.oneof({ weight: 4, arbitrary: fitting(body) }, { weight: 1, arbitrary: fc.oneof(fc.jsonValue(), text) }),
      headers: fc.oneof(
        fc.constant<Readonly<Record<string, string>>>({}),
        fc.record({ 'if-match': fc.constantFrom('*', '"1"', '"2"', 'W/"1"', 'x', '"x", "y"') }),
        fc.record({ 'idempotency-key': fc.oneof(fc.constantFrom('a', 'b', 'c'), text), 'if-match': fc.constant('*') }),
      ),
    },
    { requiredKeys: ['params', 'query', 'headers'] },
  );
}

async function send(operation: OperationName, asked: Asked): Promise<Told> {
  const { body, ...rest } = asked;
  const answer = await ask(world, token, operation, body === undefined ? rest : asked);
  if (answer.status !== 401) return answer;
  // One of them has revoked what was granted to the program itself.
  token = await roleToken(world, 'owner');
  return await ask(world, token, operation, body === undefined ? rest : asked);
}

const seen = new Map<OperationName, Set<number>>();
/** Those that were done, and not only looked at (`dry_run`). */
const done = new Set<OperationName>();

for (const operation of OPERATION_NAMES)
  test(`${operation}: whatever is sent, what comes is described`, async () => {
    const { reply } = operationOf(operation);
    const statuses = [reply.status, ...refusalsOf(operationOf(operation))];
    const judge = reply.body === undefined ? undefined : judgeOf(reply.body);
    const met = new Set<number>();
    seen.set(operation, met);
    await fc.assert(
      fc.asyncProperty(requestsOf(operation), async (asked) => {
        const { status, json, headers } = await send(operation, asked);
        met.add(status);
        if (status === reply.status && asked.query?.includes('dry_run=true') !== true) done.add(operation);
        assert.ok(statuses.includes(status) && status < 500, `${status} ${JSON.stringify(json)}`);
        if (status >= 400) {
          assert.deepEqual(judgeOf(PROBLEM)(json), []);
          assert.equal(headers['content-type'], 'application/problem+json');
        } else if (judge !== undefined) assert.deepEqual(judge(json), []);
      }),
      { numRuns: REQUESTS_EACH },
    );
  });

/** What changes nothing where it is so already has changed something here. */
async function toggle(): Promise<void> {
  const made = async (operation: OperationName, body: unknown): Promise<Told['json']> =>
    (await send(operation, { params: {}, query: '', headers: {}, body })).json;
  const { sub } = await made('users.create', { username: 'toggled' });
  const { client } = await made('clients.create', { metadata: { grant_types: ['client_credentials'] } });
  for (const operation of ['users.disable', 'users.enable', 'users.lock', 'users.unlock', 'clients.disable', 'clients.enable'] as const) {
    const params = { sub: String(sub), client_id: String(Object(client).client_id) };
    const { status, json } = await send(operation, {
      params,
      query: '',
      headers: { 'if-match': '*' },
      ...(operation === 'users.lock' ? { body: {} } : {}),
    });
    assert.equal(status, 200, `${operation} ${JSON.stringify(json)}`);
  }
}

test('whatever was changed is in the audit log under the name of its operation (attacks ADM-12)', async () => {
  await toggle();
  for (let sealed = 1; sealed > 0; ) {
    const answer = await world.store.sealAudit(world.tenant, 1_000);
    sealed = answer.kind === 'sealed' ? answer.entries.length : 0;
  }
  const told = new Set((await world.store.readAudit(world.tenant, 0, 100_000)).map(({ details }) => String(JSON.parse(details).operation)));
  const changed = OPERATION_NAMES.filter((operation) => {
    // What can only be looked at here is done in `audit.test.ts`.
    return operationOf(operation).effect !== 'read' && !operation.startsWith('keys.') && done.has(operation);
  });
  assert.ok(changed.length > 8, changed.join(' '));
  assert.deepEqual(
    changed.filter((operation) => !told.has(operation)),
    [],
  );
});

test('most operations were done at least once by what was made up', () => {
  const done = OPERATION_NAMES.filter((operation) => seen.get(operation)?.has(operationOf(operation).reply.status) === true);
  assert.ok(done.length > 25, done.join(' '));
});
