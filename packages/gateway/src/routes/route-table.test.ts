import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Upstream } from '../proxy/upstream.ts';
import type { RouteGround } from './check-route.ts';
import type { RouteSettings } from './route.ts';
import { routeTable } from './route-table.ts';

const nobody: Upstream = {
  acquire() {
    throw new Error('nobody asks');
  },
};
const GROUND: RouteGround = {
  hosts: [
    { name: 'api.example', origin: 'https://api.example' },
    { name: 'app.example', origin: 'https://app.example' },
  ],
  upstreams: new Map([['notes', nobody]]),
  audience: 'https://api.example',
  hasSessions: true,
};

function route(name: string, path: string, more: Partial<RouteSettings> = {}): RouteSettings {
  return { name, path, upstream: 'notes', token: 'any', ...more };
}

function found(settings: readonly RouteSettings[], path: string, { host = 'api.example', method = 'GET' } = {}): string | number {
  const result = routeTable(settings, GROUND).find(host, path, method);
  return result.kind === 'route' ? result.route.name : result.status;
}

test('the longest path that a request’s begins with has it, by whole segments', () => {
  const routes = [route('all', '/'), route('notes', '/notes'), route('old', '/notes/old')];
  const wanted: Readonly<Record<string, string>> = {
    '/': 'all',
    '/notes': 'notes',
    '/notes/': 'notes',
    '/notes/7': 'notes',
    '/notes/old': 'old',
    '/notes/old/7/8/9/10': 'old',
    '/notes/older': 'notes',
    '/notes7': 'all',
    '/other/notes/old': 'all',
  };
  for (const [path, name] of Object.entries(wanted)) assert.equal(found(routes, path), name, path);
  assert.equal(found([route('notes', '/notes')], '/other'), 404);
  assert.equal(found([route('notes', '/notes')], '/'), 404);
  assert.equal(found([], '/'), 404);
});

test('a path that means another route to a reader who looks less closely gets none (attacks GTW-03)', () => {
  const routes = [route('all', '/', { token: 'none' }), route('admin', '/admin')];
  for (const path of ['/Admin', '/ADMIN/users', '/admin;x', '/admin%3Bx', '/admin;/users', '/Admin/', '/;x/admin'])
    assert.equal(found(routes, path), 404, path);
  for (const path of ['/admin/', '/admin/Users', '/admin/a;b', '/admin/a%3Bb']) assert.equal(found(routes, path), 'admin', path);
  for (const path of ['/other;admin', '/Other', '/a;b/c']) assert.equal(found(routes, path), 'all', path);
  assert.equal(found([route('big', '/Admin')], '/Admin/x'), 'big');
  assert.equal(found([route('big', '/Admin')], '/admin/x'), 404);
});

test('routes at one path share it by method; GET is for HEAD too; what nobody takes is 405 with Allow (RFC 9110 §15.5.6)', () => {
  const routes = [
    route('read', '/n', { methods: ['GET'] }),
    route('write', '/n', { scopes: { POST: ['w'], DELETE: ['w', 'd'] } }),
    route('all', '/'),
  ];
  const at = (method: string): string | number => found(routes, '/n/1', { method });
  assert.deepEqual([at('GET'), at('HEAD'), at('POST'), at('DELETE')], ['read', 'read', 'write', 'write']);
  const refused = routeTable(routes, GROUND).find('api.example', '/n', 'PUT');
  assert.ok(refused.kind === 'refused');
  assert.equal(refused.status, 405);
  assert.deepEqual(refused.headers, ['allow', 'GET, POST, DELETE, HEAD']);
});

test('a host that is not the gateway’s is misdirected, and each host has its own routes (RFC 9110 §15.5.20)', () => {
  const routes = [route('api', '/', { hosts: ['api.example'] }), route('app', '/', { hosts: ['app.example'] })];
  assert.equal(found(routes, '/', { host: 'app.example' }), 'app');
  assert.equal(found(routes, '/', { host: 'api.example' }), 'api');
  assert.equal(found(routes, '/', { host: 'evil.example' }), 421);
});

test('two routes for the same requests are refused at the start', () => {
  const same: readonly (readonly RouteSettings[])[] = [
    [route('a', '/n'), route('b', '/n')],
    [route('a', '/n', { hosts: ['api.example'] }), route('b', '/n')],
    [route('a', '/n', { methods: ['GET', 'PUT'] }), route('b', '/n', { methods: ['PUT'] })],
    [route('a', '/n', { methods: ['GET'] }), route('b', '/n')],
    [route('a', '/n'), route('b', '/N')],
    [route('a', '/n', { methods: ['GET'] }), route('b', '/N', { methods: ['PUT'] })],
    [route('a', '/n'), route('a', '/m')],
  ];
  for (const routes of same) assert.throws(() => routeTable(routes, GROUND), TypeError, JSON.stringify(routes));
});

test('a route that cannot be is refused at the start, with what is wrong', () => {
  const wrong: readonly (readonly [Partial<RouteSettings>, RegExp])[] = [
    [{ path: 'n' }, /one form/],
    [{ path: '/n/' }, /ends in a slash/],
    [{ path: '/n/../m' }, /one form/],
    [{ path: '/%6E' }, /one form/],
    [{ path: '/n;x' }, /parameter/],
    [{ path: '/edge/x' }, /edge's own/],
    [{ path: '/EDGE' }, /edge's own/],
    [{ hosts: ['other.example'] }, /no host/],
    [{ hosts: [] }, /hosts is empty/],
    [{ upstream: 'other' }, /no upstream/],
    [{ methods: [] }, /methods is empty/],
    [{ methods: ['TRACE'] }, /no method/],
    [{ methods: ['get'] }, /no method/],
    [{ methods: ['HEAD'] }, /for HEAD too/],
    [{ methods: ['GET', 'PUT'], scopes: { GET: ['r'] } }, /who may PUT/],
    [{ methods: ['GET'], scopes: { GET: ['r'], PUT: ['w'] } }, /not taken/],
    [{ scopes: ['a b'] }, /scope is none/],
    [{ token: 'none', scopes: ['a'] }, /takes no token/],
    [{ token: 'none', session: true }, /takes no token/],
    [{ token: 'none', forwardToken: true }, /takes no token/],
    [{ token: 'client', session: true }, /of a user/],
    [{ token: 'client', maxAgeSeconds: 5 }, /does not authenticate/],
    [{ bearer: false }, /neither tokens nor sessions/],
    [{ maxAgeSeconds: -1 }, /max_age/],
    [{ stripPrefix: '/no' }, /stripped/],
    [{ path: '/notes', stripPrefix: '/not' }, /stripped/],
    [{ cors: { origins: ['*'] } }, /no origin/],
    [{ cors: { origins: ['null'] } }, /no origin/],
    [{ cors: { origins: ['https://a.example/'] } }, /no origin/],
    [{ bodyLimit: 1.5 }, /body_limit/],
    [{ times: { wholeMs: -1 } }, /milliseconds/],
    [{ revocations: { maxAgeSeconds: 1, whenOlder: 'closed' } }, /revocations/],
  ];
  for (const [more, message] of wrong) assert.throws(() => routeTable([route('n', '/n', more)], GROUND), message, JSON.stringify(more));
  assert.throws(() => routeTable([route('n', '/n')], { ...GROUND, audience: undefined }), /who its tokens are for/);
  assert.throws(() => routeTable([route('n', '/n', { session: true })], { ...GROUND, hasSessions: false }), /no sessions/);
});

test('a path of very many segments costs no more looks than routes are deep', () => {
  const path = '/a'.repeat(4_000);
  assert.equal(found([route('deep', '/a/a/a'), route('all', '/')], path), 'deep');
});
