import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OPERATION_NAMES, operationOf } from '@hufu/protocol/admin/operations';
import type { Page } from '@hufu/protocol/admin/shape';
import type { UserSummary } from '@hufu/protocol/admin/users';
import {
  AdminError,
  type AdminReply,
  type AdminTransport,
  allOf,
  allUntyped,
  callAdmin,
  callUntyped,
  type InputOf,
  type ItemOf,
  isProblem,
  LIST_NAMES,
  type ListName,
  MOST_ITEMS,
  type UntypedInput,
} from '../admin.ts';
import { isFault } from '../testing/fault.ts';
import { json } from '../testing/issuer.ts';

interface Asked {
  readonly url: string;
  readonly init: RequestInit;
}

function newTransport(
  answer: (asked: Asked, i: number) => Response,
  rest: Partial<AdminTransport> = {},
): AdminTransport & { readonly asked: Asked[] } {
  const asked: Asked[] = [];
  return {
    base: 'https://id.example',
    asked,
    fetch: async (url, init) => {
      asked.push({ url, init });
      return answer({ url, init }, asked.length);
    },
    ...rest,
  };
}

const problem = (status: number, error: string, rest: object = {}, headers: Record<string, string> = {}): Response =>
  json(
    status,
    { type: `urn:hufu:problem:${error}`, title: 't', status, error, error_description: 'ascii', detail: '不行', decision_id: 'd', ...rest },
    headers,
  );

test('a call is a request as the table has it, with its parameters encoded, its token, its precondition and its key', async () => {
  const transport = newTransport(() => json(200, { client: {} }, { etag: '"4"' }), { token: async () => 'at' });
  const reply = await callAdmin(transport, 'clients.update', {
    params: { client_id: 'https://a.example/?x#y' },
    body: { metadata: { client_name: '笔记' } },
    ifMatch: '"3"',
    idempotencyKey: 'k',
  });
  assert.equal(reply.etag, '"4"');
  const [{ url, init } = assert.fail()] = transport.asked;
  assert.equal(url, 'https://id.example/admin/v1/clients/https%3A%2F%2Fa.example%2F%3Fx%23y');
  assert.deepEqual(
    [init.method, init.credentials, init.redirect, init.body],
    ['PUT', 'omit', 'error', '{"metadata":{"client_name":"笔记"}}'],
  );
  assert.deepEqual(Object.fromEntries(new Headers(init.headers)), {
    accept: 'application/json',
    authorization: 'Bearer at',
    'content-type': 'application/json',
    'idempotency-key': 'k',
    'if-match': '"3"',
  });
});

test('a page of the console has a cookie for the token, and sends none of its own', async () => {
  const transport = newTransport(() => new Response(null, { status: 204 }), { credentials: 'same-origin' });
  const reply = await callAdmin(transport, 'limits.reset', { params: { name: 'token' }, ifMatch: undefined });
  assert.deepEqual([reply.body, reply.etag], [undefined, undefined]);
  const [{ init } = assert.fail()] = transport.asked;
  assert.deepEqual([init.credentials, new Headers(init.headers).get('authorization'), init.body], ['same-origin', null, undefined]);
});

test('a query has what was given and nothing else', async () => {
  const transport = newTransport(() => json(200, { items: [], next: null }));
  await callAdmin(transport, 'clients.list', { query: { enabled: false, prefix: 'a&b', limit: 5 } });
  await callUntyped(transport, 'clients.list', { query: { enabled: undefined } });
  assert.deepEqual(
    transport.asked.map(({ url }) => url.slice('https://id.example/admin/v1/clients'.length)),
    ['?enabled=false&prefix=a%26b&limit=5', ''],
  );
});

test('what would be another path is not asked for: a parameter that is missing, empty, or of dots (RFC 3986 §5.2.4)', async () => {
  const transport = newTransport(() => json(200, {}));
  for (const sub of ['', '.', '..']) await assert.rejects(callAdmin(transport, 'users.get', { params: { sub } }), TypeError);
  await assert.rejects(callUntyped(transport, 'users.get', {}), TypeError);
  assert.equal(transport.asked.length, 0);
});

test('every operation of the table can be called', async () => {
  for (const name of OPERATION_NAMES) {
    const { method, path, params, reply } = operationOf(name);
    const transport = newTransport(() =>
      reply.body === undefined ? new Response(null, { status: reply.status }) : json(reply.status, {}),
    );
    await callUntyped(transport, name, { params: Object.fromEntries(Object.keys(params).map((one) => [one, 'x y'])) });
    assert.deepEqual(
      [transport.asked[0]?.init.method, transport.asked[0]?.url],
      [method, `https://id.example/admin/v1${path.replaceAll(/\{[^}]+\}/g, 'x%20y')}`],
    );
  }
});

test('a refusal has its code, its words, its parts and what explains it; nothing of it moves a cursor (RFC 9457 §3.1)', async () => {
  const parts = [{ pointer: '/metadata/redirect_uris', detail: 'no\u001b[2J\u202e' }, 7];
  const transport = newTransport(() => problem(409, 'conflict', { errors: parts, version: 8 }, { 'hufu-decision': '0123456789ABCDEFGH' }));
  const error = await callAdmin(transport, 'me.get', {}).catch((thrown: unknown) => thrown);
  assert.equal(isProblem(error, 'not_found'), false);
  assert.ok(isProblem(error, 'conflict'));
  assert.deepEqual(
    [error.kind, error.status, error.message, error.decision, error.version, error.maxAge],
    ['refused', 409, '不行', '0123456789ABCDEFGH', 8, undefined],
  );
  assert.deepEqual(error.errors, [
    { pointer: '/metadata/redirect_uris', detail: 'no?[2J?' },
    { pointer: '', detail: '' },
  ]);
});

test('who has signed in too long ago is told how long that may be (RFC 9470 §3)', async () => {
  const challenge = { 'www-authenticate': 'Bearer error="insufficient_user_authentication", max_age="300"' };
  const transport = newTransport(() => problem(401, 'insufficient_user_authentication', {}, challenge));
  const error = await callAdmin(transport, 'keys.rotate', {}).catch((thrown: unknown) => thrown);
  assert.ok(error instanceof AdminError);
  assert.equal(error.maxAge, 300);
});

test('what is no answer of the API is no refusal of it', async () => {
  const call = (answer: () => Response): Promise<unknown> => callAdmin(newTransport(answer), 'me.get', {});
  await assert.rejects(
    call(() => new Response('<html>', { status: 502 })),
    isFault('unavailable', 'status_502'),
  );
  await assert.rejects(
    call(() => new Response('<html>')),
    isFault('malformed', 'malformed'),
  );
  await assert.rejects(
    call(() => json(201, {})),
    isFault('malformed', 'status_201'),
  );
  await assert.rejects(
    call(() => {
      throw new TypeError('fetch failed');
    }),
    isFault('unreachable', 'network'),
  );
});

test('a list is read page by page, no further than anybody asks for, and never for ever', async () => {
  const pages = (i: number): object => ({ items: [{ client_id: `a${i}` }, { client_id: `b${i}` }], next: i === 3 ? null : `c${i}` });
  const transport = newTransport((_, i) => json(200, pages(i)));
  const ids: string[] = [];
  for await (const { client_id } of allOf(transport, 'clients.list', { query: { enabled: true } })) ids.push(client_id);
  assert.deepEqual(ids, ['a1', 'b1', 'a2', 'b2', 'a3', 'b3']);
  assert.deepEqual(
    transport.asked.map(({ url }) => new URL(url).search),
    ['?enabled=true&limit=200', '?enabled=true&limit=200&cursor=c1', '?enabled=true&limit=200&cursor=c2'],
  );

  const some = newTransport((_, i) => json(200, pages(i)));
  const three = allUntyped(some, 'clients.list', {}, 3);
  for (let i = 0; i < 3; i++) assert.equal((await three.next()).done, false);
  assert.deepEqual(await three.next(), { done: true, value: 'c2' });
  assert.deepEqual([some.asked.length, new URL(some.asked[1]?.url ?? '').searchParams.get('limit')], [2, '1']);

  for (const page of [{ items: [1], next: 'same' }, { items: [], next: 'on' }, { items: 1, next: null }, { items: [] }]) {
    const endless = allUntyped(
      newTransport(() => json(200, page)),
      'clients.list',
      {},
    );
    await assert.rejects(
      async () => {
        for (let i = 0; i < 10; i++) if ((await endless.next()).done === true) return;
      },
      isFault('malformed', 'malformed'),
    );
  }
});

test('the compiler knows what an operation takes and answers', async () => {
  const transport = newTransport(() => json(200, { items: [{ sub: 's' }], next: null }));
  const input: InputOf<'users.list'> = { query: { state: 'locked' } };
  const untyped: UntypedInput = input;
  const name: ListName = 'users.list';
  const reply: AdminReply<Page<UserSummary>> = await callAdmin(transport, name, input);
  const item: ItemOf<'users.list'> | undefined = reply.body.items[0];
  assert.deepEqual([item?.sub, untyped.query, MOST_ITEMS], ['s', { state: 'locked' }, 10_000]);
  // @ts-expect-error: a parameter of the path is missing.
  await assert.rejects(callAdmin(transport, 'users.get', {}), TypeError);
  // @ts-expect-error: there is no such filter.
  await callAdmin(transport, 'users.list', { query: { stat: 'locked' } });
  // @ts-expect-error: a body is needed.
  await callAdmin(transport, 'administrators.put', { params: { sub: 's' } });
});

test('the lists are those that go on', () => {
  assert.deepEqual([...LIST_NAMES].sort(), [
    'audit.checkpoints',
    'audit.list',
    'clients.list',
    'decisions.list',
    'grants.list',
    'revocations.list',
    'users.list',
    'webhooks.deliveries.list',
  ]);
});
