import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type EdgePage, edge } from './edge.ts';

interface World {
  readonly page: EdgePage;
  readonly asked: { readonly url: string; readonly method: string; readonly headers: Headers; readonly credentials: string | undefined }[];
  readonly went: string[];
  answer: unknown;
  status: number;
}

/** `locks`: whether another tab is about to sign in. */
function open(locks?: 'free' | 'taken'): World {
  const manager = {
    // oxlint-disable-next-line max-params -- as browsers have it
    request: async (_: string, ...rest: readonly unknown[]) => {
      const call = rest.at(-1) as (lock: object | null) => Promise<unknown>;
      return await call(locks === 'taken' && rest.length === 2 ? null : {});
    },
  };
  const world: World = {
    asked: [],
    went: [],
    answer: { signed_in: true, handle: 'h1', sub: 'mei' },
    status: 200,
    page: {
      async fetch(input, init) {
        world.asked.push({
          url: String(input),
          method: init.method ?? 'GET',
          headers: new Headers(init.headers),
          credentials: init.credentials,
        });
        return Response.json(world.answer, { status: world.status });
      },
      location: { pathname: '/notes', search: '?a=1', hash: '#b', assign: (url) => void world.went.push(String(url)) },
      navigator: locks === undefined ? {} : { locks: manager as unknown as LockManager },
    },
  };
  return world;
}

test('every request has the header that no other site can send, and says which session the page means (draft-ietf-oauth-browser-based-apps §6.1.3.3.1)', async () => {
  const world = open();
  const { session, fetch } = edge('', world.page);
  await fetch('/api/notes', { method: 'PUT', headers: { accept: 'text/plain' } });
  assert.deepEqual(await session({ slide: false }), world.answer);
  await fetch(new URL('https://app.example/api'));
  const said = world.asked.map(({ url, method, headers, credentials }) => [
    url,
    method,
    headers.get('x-csrf'),
    headers.get('x-hufu-session'),
    credentials,
  ]);
  assert.deepEqual(said, [
    ['/api/notes', 'PUT', '1', null, 'same-origin'],
    ['/edge/session?slide=false', 'GET', '1', null, 'same-origin'],
    ['https://app.example/api', 'GET', '1', 'h1', 'same-origin'],
  ]);
  assert.equal(world.asked[0]?.headers.get('accept'), 'text/plain');
  world.status = 503;
  await assert.rejects(session(), /503/);
});

test('a sign-in comes back to where it began; a tab that was second looks first whether it is over', async () => {
  const first = open('free');
  void edge('', first.page).login();
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual([first.went, first.asked], [['/edge/login?return_to=%2Fnotes%3Fa%3D1%23b'], []]);
  const second = open('taken');
  await edge('', second.page).login('/here');
  assert.deepEqual([second.went, second.asked.length], [['/here'], 1]);
  const third = open('taken');
  third.answer = { signed_in: false };
  void edge('https://api.example', third.page).login('/here');
  while (third.went.length === 0) await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(third.went, ['https://api.example/edge/login?return_to=%2Fhere']);
  assert.equal(third.asked[0]?.credentials, 'include');
});

test('a sign-out goes on where the edge says', async () => {
  const world = open();
  world.answer = { location: '/edge/logout/end?t=x' };
  await edge('', world.page).logout();
  assert.deepEqual([world.asked[0]?.method, world.went], ['POST', ['/edge/logout/end?t=x']]);
});
