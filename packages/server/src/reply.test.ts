import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { OAuthError } from '@hufu/protocol/errors';
import { StoreUnavailable } from '@hufu/store/port';
import { Trail } from './decisions/trail.ts';
import { json, refusal, tokenReply, toOAuthError } from './reply.ts';
import { openWorld } from './testing/world.ts';

const world = await openWorld({ empty: true });
after(() => world.close());

function refuse(thrown: unknown): ReturnType<typeof refusal> {
  const trail = new Trail();
  trail.at('parameters');
  return refusal(world.ctx, 'token', world.http({ path: '/oauth/token' }), trail, thrown);
}

test('what carries tokens, or says why there are none, is JSON that nobody keeps (RFC 6749 §5.1, §5.2)', () => {
  for (const reply of [tokenReply({ a: 1 }), json(200, { a: 1 }), refuse(new OAuthError('invalid_request', 'x'))]) {
    assert.equal(reply.headers['content-type'], 'application/json');
    assert.equal(reply.headers['cache-control'], 'no-store');
    assert.equal(reply.headers['pragma'], 'no-cache');
  }
});

test('an error of the standards goes out with code and description; its detail stays in the decision (RFC 6749 §5.2)', async () => {
  const reply = refuse(new OAuthError('invalid_grant', 'the code is invalid', { detail: 'expired 7 seconds ago' }));
  assert.deepEqual([reply.status, reply.body], [400, '{"error":"invalid_grant","error_description":"the code is invalid"}']);
  const why = await world.why(reply);
  assert.deepEqual([why.failed, why.detail, why.row.endpoint], ['parameters', 'expired 7 seconds ago', 'token']);
});

test('invalid_client is 401 with a challenge; too often is 429 with the same error and a time (RFC 6749 §5.2, RFC 6585 §4)', async () => {
  const unknown = refuse(new OAuthError('invalid_client', 'no'));
  assert.deepEqual([unknown.status, unknown.headers['www-authenticate']], [401, 'Basic realm="hufu"']);
  const often = refuse(new OAuthError('slow_down', 'no', { retryAfterSeconds: 7 }));
  assert.deepEqual([often.status, often.headers['retry-after'], JSON.parse(often.body.toString()).error], [429, '7', 'invalid_client']);
  assert.equal((await world.why(often)).row.error, 'slow_down');
  assert.equal('www-authenticate' in refuse(new OAuthError('invalid_grant', 'no')).headers, false);
});

test('a store that is away is 503 with Retry-After, never invalid_grant, and is logged (product 3.3)', () => {
  const reply = refuse(new StoreUnavailable('the disk is gone'));
  assert.deepEqual(
    [reply.status, reply.headers['retry-after'], JSON.parse(reply.body.toString()).error],
    [503, '1', 'temporarily_unavailable'],
  );
  assert.equal(reply.body.toString().includes('disk'), false);
  const event = world.events('store.unavailable').at(-1);
  assert.deepEqual([event?.['level'], event?.['path']], ['error', '/oauth/token']);
  assert.match(String(event?.['error']), /the disk is gone/);
});

test('anything else is our fault: fixed text outside, the stack in the log, no credential of the path', () => {
  const reply = refuse(new TypeError('secret of the house'));
  assert.equal(reply.status, 500);
  assert.equal(reply.body, '{"error":"server_error","error_description":"an error on our side; it has been logged"}');
  assert.match(String(world.events('request.failed').at(-1)?.['error']), /TypeError: secret of the house\n/);
  const code = `hfc_${'a'.repeat(60)}`;
  const error = toOAuthError(world.ctx, 'a text that was thrown', world.http({ path: `/x/${code}` }));
  assert.equal(error.code, 'server_error');
  assert.equal(
    world.lines.some((line) => line.includes(code)),
    false,
  );
});
