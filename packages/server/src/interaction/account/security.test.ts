import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HttpReply } from '../../http.ts';
import { linkedUser, UPSTREAMS, UPSTREAMS_OFF } from '../../testing/linked.ts';
import { BROWSER, BROWSER_ID, getOf, hiddenOf, pageOf, postOf } from '../../testing/pages.ts';
import { passkeyOf } from '../../testing/passkeys.ts';
import { signedIn } from '../../testing/visits.ts';
import { BASIC_YAML, CHEAP_HASH, openWorld, type World } from '../../testing/world.ts';
import { csrfToken } from '../csrf.ts';
import { removeGet, removePost, securityGet } from './security.ts';

const PATH = '/account/security/remove';

/** `lin` removes the first thing on their security page, or the last (a linked account comes after a passkey): the word of what became of it. */
async function remove(world: World, which: 'first' | 'last'): Promise<string> {
  const lin = await signedIn(world, 'lin', 'password', 'passkey');
  const cookie = `${BROWSER}; ${lin.cookie}`;
  const security = await securityGet(world.ctx, getOf(world, '/account/security', cookie));
  const things = thingsOn(security);
  const page = await removeGet(world.ctx, getOf(world, `${PATH}?thing=${things.at(which === 'first' ? 0 : -1)}`, cookie));
  assert.equal(pageOf(page), 'account-remove');
  const done = await removePost(world.ctx, postOf(world, PATH, hiddenOf(page), { cookie }));
  return /outcome=([a-z_]+)/.exec(String(done.headers['location']))?.[1] ?? assert.fail(done.body.toString());
}

function thingsOn(page: HttpReply): readonly string[] {
  return [...page.body.toString().matchAll(/remove\?thing=([\w-]+)/g)].map(([, thing = '']) => thing);
}

const methods = (list: string): string => `policies: { sign_in: { methods: [${list}] } }\n${BASIC_YAML}`;

test('the last passkey stays where nobody signs in by a password any more, and goes where somebody does (attacks USR-22)', async () => {
  for (const [list, word] of [
    ['passkey', 'last'],
    ['password, passkey', 'factor_removed'],
    ['password', 'factor_removed'],
  ] as const) {
    const world = await openWorld({ yaml: methods(list) });
    const lin = { sub: 'lin-sub', username: 'lin', passwordHash: CHEAP_HASH, claims: {}, source: 'sign_up' } as const;
    await world.store.createUser(world.tenant, lin, world.now());
    await passkeyOf(world, 'lin');
    assert.equal(await remove(world, 'first'), word, list);
    await world.close();
  }
});

test('an account elsewhere is a way in while its upstream may be used, and one in a directory where passwords are typed', async () => {
  for (const [upstream, yaml, word] of [
    ['corp', `${methods('passkey')}${UPSTREAMS}`, 'factor_removed'],
    ['corp', `${methods('passkey')}${UPSTREAMS_OFF}`, 'last'],
    ['gone', `${methods('passkey')}${UPSTREAMS}`, 'last'],
    ['directory', `${methods('passkey')}${UPSTREAMS}`, 'last'],
    ['directory', `${methods('passkey, password')}${UPSTREAMS}`, 'factor_removed'],
  ] as const) {
    const world = await openWorld({ yaml });
    await linkedUser(world, [upstream]);
    await passkeyOf(world, 'lin');
    assert.equal(await remove(world, 'first'), word, `${upstream}: ${yaml.slice(0, 60)}`);
    await world.close();
  }
});

test('the last account elsewhere stays where its owner has but a passkey, and nobody signs in by that (attacks USR-22)', async () => {
  for (const [list, word] of [
    ['password', 'last'],
    ['password, passkey', 'unlinked'],
  ] as const) {
    const world = await openWorld({ yaml: `${methods(list)}${UPSTREAMS}` });
    await linkedUser(world, ['corp']);
    await passkeyOf(world, 'lin');
    assert.equal(await remove(world, 'last'), word, list);
    await world.close();
  }
});

test('an account at the directory that keeps the password is not unlinked: they could set one here, and be in when they are gone from there (attacks USR-25)', async () => {
  const world = await openWorld({ yaml: `${BASIC_YAML}${UPSTREAMS}` });
  const user = await linkedUser(world, ['directory', 'corp']);
  const lin = await signedIn(world, 'lin');
  const cookie = `${BROWSER}; ${lin.cookie}`;
  const things = async (): Promise<readonly string[]> => thingsOn(await securityGet(world.ctx, getOf(world, '/account/security', cookie)));
  const set = async (version: number, hash: string | undefined): Promise<void> => {
    const keep = { session: lin.session.id, revokes: 'all' } as const;
    const { kind } = await world.store.changePassword(world.tenant, user.id, version, hash, keep, world.now());
    assert.equal(kind, 'done');
  };
  await set(2, CHEAP_HASH);
  const both = await things();
  await set(3, undefined);
  const left = await things();
  assert.deepEqual([both.length, left.length], [2, 1], 'who has a password here may unlink it');
  const thing = both.find((one) => !left.includes(one)) ?? assert.fail();
  const csrf = csrfToken(world.ctx, BROWSER_ID, `${PATH} ${lin.session.id}`);
  for (const reply of [
    await removeGet(world.ctx, getOf(world, `${PATH}?thing=${thing}`, cookie)),
    await removePost(world.ctx, postOf(world, PATH, { csrf, thing }, { cookie })),
  ])
    assert.deepEqual([reply.status, (await world.why(reply)).detail], [404, 'a directory keeps their password']);
  assert.equal((await world.store.listIdentities(world.tenant, user.id)).length, 2);
  await world.close();
});
