import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ADMIN_PATH } from '@hufu/protocol/admin/operation';
import { builtInClients } from '@hufu/server/console-client';
import { authorize } from '@hufu/server/endpoints/authorize';
import type { HttpReply } from '@hufu/server/http';
import { applyConfig } from '@hufu/server/jobs/apply-config';
import { ADMIN_YAML, ask, openAdminWorld, personToken } from '@hufu/server/testing/admin-world';
import { signedIn } from '@hufu/server/testing/visits';
import type { World, WorldOptions } from '@hufu/server/testing/world';
import { type Store, StoreUnavailable } from '@hufu/store/port';
import { callForSession } from './console-api.ts';
import { consoleRoutes } from './console-routes.ts';

interface Opened {
  readonly world: World;
  /** What the store does from here on. */
  readonly store: { isAway: boolean };
  /** A request of one browser, which keeps its cookies. */
  ask(path: string, more?: { readonly method?: string; readonly headers?: Readonly<Record<string, string>> }): Promise<HttpReply>;
  signIn(username: string, returnTo?: string): Promise<HttpReply>;
  close(): Promise<void>;
}

async function open(options: WorldOptions = {}): Promise<Opened> {
  const store = { isAway: false };
  const wrap = (inner: Store): Store =>
    new Proxy(inner, {
      get(target, name, receiver) {
        const value: unknown = Reflect.get(target, name, receiver);
        if (typeof value !== 'function') return value;
        return (...args: readonly unknown[]) =>
          store.isAway ? Promise.reject(new StoreUnavailable('away')) : Reflect.apply(value, target, args);
      },
    });
  const world = await openAdminWorld({ ...options, wrap });
  await applyConfig(world.ctx, world.now(), builtInClients(world.ctx));
  const console = consoleRoutes(() => undefined);
  const routes = new Map(console.routes(world.ctx).map((route) => [route.path, route]));
  const cookies = new Map<string, string>();
  const opened: Opened = {
    world,
    store,
    async ask(address, { method = 'GET', headers = { 'x-csrf': '1' } } = {}) {
      const [path = '', query = ''] = address.split('?');
      const endpoint = routes.get(path === '/console' ? path : '/console/**')?.methods[method as 'GET'] ?? assert.fail(method);
      const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
      const reply = await endpoint(world.http({ method, path, query, headers: { ...headers, cookie } }));
      for (const line of [reply.headers['set-cookie'] ?? []].flat()) {
        const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
        if (value === '') cookies.delete(name);
        else cookies.set(name, value);
      }
      return reply;
    },
    async signIn(username, returnTo = '/console') {
      const begun = await opened.ask(`/console/login?return_to=${encodeURIComponent(returnTo)}`);
      assert.equal(begun.status, 303, begun.body.toString());
      const { search } = new URL(String(begun.headers['location']));
      const visitor = await signedIn(world, username);
      const answer = await authorize(
        world.ctx,
        world.http({ path: '/oauth/authorize', query: search.slice(1), headers: { cookie: visitor.cookie } }),
      );
      const back = new URL(String(answer.headers['location']));
      return opened.ask(back.pathname + back.search);
    },
    async close() {
      await console.close();
      await world.close();
    },
  };
  return opened;
}

const statusOf = async (reply: Promise<HttpReply>): Promise<number> => (await reply).status;
const locationOf = (reply: HttpReply): string => String(reply.headers['location']);

test('the public address need not lead back here, nor need RS256 be in use: the sign-in comes back, and the session works', async () => {
  const opened = await open({ issuer: 'https://id.example:8443' });
  assert.ok(!opened.world.ctx.config.signing.algorithms.includes('RS256'));
  assert.equal(locationOf(await opened.signIn('u-read', '/console/keys?x=1')), '/console/keys?x=1');
  const me = await opened.ask('/console/admin/v1/me');
  assert.deepEqual([me.status, JSON.parse(me.body.toString()).role], [200, 'read']);
  await opened.close();
});

test('a store that is away is 503 and nobody’s sign-out, neither of reading nor of signing out; then all is as before (RFC 9110 §15.6.4)', async () => {
  const opened = await open();
  await opened.signIn('u-support');
  opened.store.isAway = true;
  assert.equal(await statusOf(opened.ask('/console/admin/v1/me')), 503);
  const out = await opened.ask('/console/logout', { method: 'POST' });
  assert.deepEqual([out.status, out.headers['set-cookie']], [503, undefined]);
  opened.store.isAway = false;
  assert.equal(await statusOf(opened.ask('/console/admin/v1/me')), 200);
  assert.equal(await statusOf(opened.ask('/console/logout', { method: 'POST' })), 200);
  assert.equal(await statusOf(opened.ask('/console/admin/v1/me')), 401);
  await opened.close();
});

test('a token that cannot be renewed in time is 503 and nobody’s sign-out', async () => {
  const { world, close } = await open();
  const late = { refuseForeign: () => undefined, find: () => Promise.reject(new DOMException('nothing happened', 'TimeoutError')) };
  const sessions = { ...late, answer: async () => undefined, close: async () => undefined };
  const reply = await callForSession(world.ctx, sessions, world.http({ path: '/console/admin/v1/me' }));
  assert.deepEqual([reply.status, reply.headers['retry-after']], [503, '2']);
  await close();
});

test('a role that is taken away, a user who is disabled: gone with the next request', async () => {
  const opened = await open();
  const { world } = opened;
  const owner = await personToken(world, 'u-owner');
  const params = { sub: 'alice-sub' };
  assert.equal((await ask(world, owner, 'administrators.put', { params, body: { role: 'support' } })).status, 200);
  await opened.signIn('alice');
  assert.equal(await statusOf(opened.ask('/console/admin/v1/keys')), 200);
  assert.equal((await ask(world, owner, 'administrators.remove', { params })).status, 204);
  assert.equal(await statusOf(opened.ask('/console/admin/v1/keys')), 403);
  assert.equal((await ask(world, owner, 'users.disable', { params })).status, 200);
  assert.equal(await statusOf(opened.ask('/console/admin/v1/keys')), 401);
  await opened.close();
});

test('a path of the API is read in one way: no second spelling, no other method, and never more than one operation (attacks HTP-04)', async () => {
  const opened = await open();
  await opened.signIn('u-read');
  for (const path of ['/me/', '//me', '/%6de', '/me;x=1', '/./me', '/users/../me', '/users/x%2F../../me', '/ME', '/', `${ADMIN_PATH}/me`])
    assert.equal(await statusOf(opened.ask(`/console/admin/v1${path}`)), 404, path);
  for (const path of ['/users/%2e%2e%2fme', '/users/%2e%2e', '/users/%', '/users/%00', '/clients/%ff'])
    assert.ok([400, 404].includes(await statusOf(opened.ask(`/console/admin/v1${path}`))), path);
  const overridden = { 'x-csrf': '1', 'x-http-method-override': 'DELETE', 'x-method-override': 'DELETE' };
  assert.equal(await statusOf(opened.ask('/console/admin/v1/me?_method=DELETE', { headers: overridden })), 400);
  assert.equal(await statusOf(opened.ask('/console/admin/v1/me', { headers: overridden })), 200);
  const stolen = { 'x-csrf': '1', authorization: 'Bearer x', dpop: 'y' };
  assert.equal(await statusOf(opened.ask('/console/admin/v1/me', { headers: stolen })), 200, 'what a page says of itself is not heard');
  await opened.close();
});

test('a request that comes while the server stops opens nothing that nobody closes', async () => {
  const console = consoleRoutes(() => undefined);
  const world = await openAdminWorld({ yaml: ADMIN_YAML });
  const [, front] = console.routes(world.ctx);
  await console.close();
  assert.equal((await front?.methods.GET?.(world.http({ path: '/console' })))?.status, 503);
  await world.close();
});
