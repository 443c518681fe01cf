import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HttpReply } from '../../http.ts';
import { linkedUser, UPSTREAMS, UPSTREAMS_OFF } from '../../testing/linked.ts';
import { BROWSER, BROWSER_ID, getOf, pageOf, postOf } from '../../testing/pages.ts';
import { signedIn } from '../../testing/visits.ts';
import { BASIC_YAML, openWorld, type World } from '../../testing/world.ts';
import { csrfToken } from '../csrf.ts';
import { notMePost } from './activity.ts';
import { passwordGet, passwordPost } from './password.ts';
import { securityGet } from './security.ts';

const PATH = '/account/security/password';
const NEW = 'two halves make a tally';

/** `lin` at the account centre: its pages, and its forms. */
async function visit(
  world: World,
  upstreams: readonly string[],
): Promise<{
  readonly cookie: string;
  send(path: string, fields: Readonly<Record<string, string>>, post: typeof passwordPost): Promise<HttpReply>;
  hash(): Promise<string | undefined>;
}> {
  const user = await linkedUser(world, upstreams);
  const lin = await signedIn(world, 'lin');
  const cookie = `${BROWSER}; ${lin.cookie}`;
  return {
    cookie,
    send: (path, fields, post) => {
      const csrf = csrfToken(world.ctx, BROWSER_ID, `${path} ${lin.session.id}`);
      return post(world.ctx, postOf(world, path, { csrf, ...fields }, { cookie }));
    },
    hash: async () => (await world.store.findUser(world.tenant, user.id))?.passwordHash,
  };
}

test('whose password a directory keeps gets none here, whether the directory is on or off: whoever is gone from there is out (attacks USR-25)', async () => {
  for (const upstreams of [UPSTREAMS, UPSTREAMS_OFF]) {
    const world = await openWorld({ yaml: `${BASIC_YAML}${upstreams}` });
    const { cookie, send, hash } = await visit(world, ['corp', 'directory']);
    const security = await securityGet(world.ctx, getOf(world, '/account/security', cookie));
    assert.equal(pageOf(security), 'account-security');
    assert.doesNotMatch(security.body.toString(), /id="change-password"/);
    assert.equal((await passwordGet(world.ctx, getOf(world, PATH, cookie))).status, 404);
    const sent = await send(PATH, { password: NEW }, passwordPost);
    assert.deepEqual([sent.status, (await world.why(sent)).detail], [404, 'a directory keeps their password']);
    assert.equal(await hash(), undefined);
    const out = await send('/account/activity/not-me', {}, notMePost);
    assert.match(String(out.headers['location']), /^\/account\/security\?outcome=others_out/, 'nor are they sent to such a page');
    await world.close();
  }
});

test('whoever came by another upstream sets a first password', async () => {
  const world = await openWorld({ yaml: `${BASIC_YAML}${UPSTREAMS}` });
  const { cookie, send, hash } = await visit(world, ['corp']);
  assert.match((await securityGet(world.ctx, getOf(world, '/account/security', cookie))).body.toString(), /id="change-password"/);
  const sent = await send(PATH, { password: NEW }, passwordPost);
  assert.match(String(sent.headers['location']), /outcome=password_changed/);
  assert.notEqual(await hash(), undefined);
  await world.close();
});
