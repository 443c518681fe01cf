import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { HttpRequest } from '../http.ts';
import { openWorld } from '../testing/world.ts';
import { browserOf, knownBrowser, rememberBrowser } from './known-browser.ts';

const world = await openWorld({ empty: true });
after(() => world.close());

const ID = 'browser-id-of-24-charact';

function request(cookies: Readonly<Record<string, string>>): HttpRequest {
  const cookie = Object.entries(cookies).map(([name, value]) => `__Host-hufu_${name}=${value}`);
  return world.http({ headers: { cookie: cookie.join('; ') } });
}

function valueOf(setCookie: string): string {
  return setCookie.slice(setCookie.indexOf('=') + 1, setCookie.indexOf(';'));
}

test('a browser has one id; one that is not ours is replaced', () => {
  assert.deepEqual(browserOf(world.ctx, request({ browser: ID })), { id: ID, cookie: undefined });
  for (const bad of [{}, { browser: '' }, { browser: 'short' }, { browser: `${ID}x` }, { browser: `${ID.slice(1)}<` }]) {
    const made = browserOf(world.ctx, request(bad));
    assert.match(made.id, /^[\w-]{24}$/);
    assert.equal(valueOf(made.cookie ?? ''), made.id);
  }
  assert.notEqual(browserOf(world.ctx, request({})).id, browserOf(world.ctx, request({})).id);
});

test('a browser is known for the accounts that signed in from it, and for no other account and no other browser', () => {
  const known = valueOf(rememberBrowser(world.ctx, request({ browser: ID }), ID, 'alice'));
  assert.equal(knownBrowser(world.ctx, request({ browser: ID, known }), 'alice'), ID);
  assert.equal(knownBrowser(world.ctx, request({ browser: ID, known }), 'bob'), undefined);
  assert.equal(knownBrowser(world.ctx, request({ browser: ID }), 'alice'), undefined);
  assert.equal(knownBrowser(world.ctx, request({ known }), 'alice'), undefined);
  const stolen = request({ browser: ID.toUpperCase(), known });
  assert.equal(knownBrowser(world.ctx, stolen, 'alice'), undefined, 'the mark of one browser is nothing in another');
  assert.equal(
    knownBrowser(world.ctx, request({ browser: ID, known: `${known.slice(0, -1)}${known.endsWith('x') ? 'y' : 'x'}` }), 'alice'),
    undefined,
  );
  assert.equal(known.includes('alice'), false, 'whoever looks at the cookie learns no name');
});

test('eight accounts are remembered, the last one first; garbage is dropped', () => {
  let known = 'garbage..x';
  for (let i = 0; i < 10; i++) known = valueOf(rememberBrowser(world.ctx, request({ browser: ID, known }), ID, `user${i}`));
  assert.equal(known.split('.').length, 8);
  for (const [name, expected] of [
    ['user9', ID],
    ['user2', ID],
    ['user1', undefined],
    ['user0', undefined],
  ] as const) {
    assert.equal(knownBrowser(world.ctx, request({ browser: ID, known }), name), expected, name);
  }
  const again = valueOf(rememberBrowser(world.ctx, request({ browser: ID, known }), ID, 'user5'));
  assert.deepEqual(again.split('.').toSorted(), known.split('.').toSorted(), 'each once');
  assert.equal(again.split('.')[0], known.split('.')[4]);
});
