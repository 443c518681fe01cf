import assert from 'node:assert/strict';
import { test } from 'node:test';
import { signInGet } from '../interaction/sign-in.ts';
import { getOf, hiddenOf, postOf } from '../testing/pages.ts';
import { ask } from '../testing/visits.ts';
import { BASIC_YAML, openWorld } from '../testing/world.ts';
import { startSignIn } from './start.ts';

const GITHUB = 'upstreams:\n  - { name: github, preset: github, client_id: gh, client_secret: gh-secret, create: true }\n';

test('a button for another service is there where its press goes through, and a word why where the request is too long for it', async () => {
  const world = await openWorld({ yaml: `${BASIC_YAML}\n${GITHUB}policies: { brute_force: off }` });
  const seen = new Set<boolean>();
  // A state is never longer, and a nonce comes on top.
  for (let length = 10; length < 2_048; length += 115) {
    const page = await signInGet(
      world.ctx,
      getOf(world, await ask(world, undefined, { state: 's'.repeat(length), nonce: 'n'.repeat(length / 2) })),
    );
    assert.equal(page.status, 200, String(length));
    const markup = page.body.toString();
    const hasButton = markup.includes('id="signin-with-github"');
    assert.equal(markup.includes('id="signin-with-none"'), !hasButton);
    const pressed = await startSignIn(world.ctx, postOf(world, '/signin/with/github', hiddenOf(page)), 'github');
    assert.equal(pressed.status, hasButton ? 303 : 413, `${length}: ${pressed.body.toString().slice(0, 200)}`);
    seen.add(hasButton);
  }
  assert.equal(seen.size, 2, 'both kinds have been seen');
  const own = await signInGet(world.ctx, getOf(world, '/signin?ui_locales=zh-CN'));
  assert.match(own.body.toString(), /id="signin-with-github"/);
  await world.close();
});
