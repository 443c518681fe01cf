import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { OAuthError } from '@hufu/protocol/errors';
import { findClient } from '../clients.ts';
import { Trail } from '../decisions/trail.ts';
import { answerOf } from '../testing/visits.ts';
import { ISSUER, openWorld } from '../testing/world.ts';
import type { ReturnPath } from './authorization-request.ts';
import { respondWithAnswer, respondWithError, seeOther } from './respond.ts';

const world = await openWorld();
const client = (await findClient(world.ctx, 'spa')) ?? assert.fail();
const path: ReturnPath = { client, redirectUri: 'https://app.example/cb?tenant=a%20b', mode: 'query', state: 'ä &=', pushed: undefined };
after(() => world.close());

test('a code goes back by 303 with state and iss, beside the query that was registered (RFC 6749 §4.1.2, RFC 9207 §2, RFC 9700 §4.12)', async () => {
  const reply = await respondWithAnswer(world.ctx, world.http(), path, [['code', 'hfc_x']]);
  assert.equal(reply.status, 303);
  assert.equal(reply.body, '');
  assert.ok(String(reply.headers['location']).startsWith('https://app.example/cb?tenant=a%20b&code=hfc_x&'));
  assert.deepEqual(
    [...answerOf(reply)],
    [
      ['tenant', 'a b'],
      ['code', 'hfc_x'],
      ['state', 'ä &='],
      ['iss', ISSUER],
    ],
  );
  assert.equal(reply.headers['cache-control'], 'no-store');
  const stateless = await respondWithAnswer(world.ctx, world.http(), { ...path, state: undefined }, [['code', 'c']]);
  assert.equal(answerOf(stateless).has('state'), false);
});

test('by fragment the same stands behind the #, and what has no value is left out (OAuth Multiple Response Types §2.1)', async () => {
  const reply = await respondWithAnswer(world.ctx, world.http(), { ...path, mode: 'fragment' }, [
    ['access_token', undefined],
    ['id_token', 'a.b.c'],
  ]);
  const { hash, search } = new URL(String(reply.headers['location']));
  assert.equal(search, '?tenant=a%20b');
  assert.deepEqual(
    [...new URLSearchParams(hash.slice(1))],
    [
      ['id_token', 'a.b.c'],
      ['state', 'ä &='],
      ['iss', ISSUER],
    ],
  );
});

test('an error goes back with iss, its description and its decision, and keeps its detail here (RFC 6749 §4.1.2.1, RFC 9207 §2)', async () => {
  const trail = new Trail();
  trail.clientId = 'spa';
  trail.at('client_known');
  trail.at('scope');
  const error = new OAuthError('invalid_scope', 'no "such" scope', { detail: 'for the record alone' });
  const reply = await respondWithError(world.ctx, world.http(), path, error, trail);
  assert.deepEqual(Object.fromEntries(answerOf(reply)), {
    tenant: 'a b',
    error: 'invalid_scope',
    error_description: "no 'such' scope",
    state: 'ä &=',
    iss: ISSUER,
  });
  const why = await world.why(reply);
  assert.deepEqual(why.passed, ['client_known']);
  assert.deepEqual([why.failed, why.detail], ['scope', 'for the record alone']);
  assert.deepEqual([why.row.endpoint, why.row.error, why.row.clientId, why.row.status], ['authorize', 'invalid_scope', 'spa', 400]);
});

test('form_post is a page whose one script has a fresh nonce, and which nobody keeps (Form Post Response Mode §2)', async () => {
  const post: ReturnPath = { ...path, mode: 'form_post', state: '"><script>' };
  const reply = await respondWithAnswer(world.ctx, world.http(), post, [['code', 'hfc_x']]);
  assert.equal(reply.status, 200);
  const nonce = /script-src 'nonce-([\w-]{24})'/.exec(String(reply.headers['content-security-policy']))?.[1] ?? assert.fail();
  const body = reply.body.toString();
  assert.ok(body.includes(`nonce="${nonce}"`));
  assert.match(body, /<form[^>]* action="https:\/\/app\.example\/cb\?tenant=a%20b"/);
  assert.match(body, /name="code" value="hfc_x"/);
  assert.equal(body.includes('"><script>'), false);
  assert.match(body, /name="iss"/);
  assert.equal(reply.headers['cache-control'], 'no-store');
  assert.notEqual(
    (await respondWithAnswer(world.ctx, world.http(), post, [['code', 'x']])).headers['content-security-policy'],
    reply.headers['content-security-policy'],
  );
});

test('a redirect keeps what it is given, and nobody keeps the redirect (RFC 9700 §4.12)', async () => {
  const reply = seeOther('/x', { 'set-cookie': ['a=b'] });
  assert.deepEqual(
    [reply.status, reply.headers['location'], reply.headers['cache-control'], reply.headers['set-cookie']],
    [303, '/x', 'no-store', ['a=b']],
  );
});
