import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { OAuthError } from '@hufu/protocol/errors';
import { StoreUnavailable } from '@hufu/store/port';
import { Trail } from '../decisions/trail.ts';
import { pageOf } from '../testing/pages.ts';
import { openWorld } from '../testing/world.ts';
import { PageError, pageRefusal } from './page-error.ts';

const world = await openWorld({ empty: true });
after(() => world.close());

function refuse(thrown: unknown, headers: Record<string, string> = {}): ReturnType<typeof pageRefusal> {
  const trail = new Trail();
  trail.at('redirect_uri');
  return pageRefusal(world.ctx, 'authorize', world.http({ path: '/oauth/authorize', headers }), trail, thrown);
}

test('a refusal that nobody can be sent is a page with its phrase, its status and its decision (RFC 6749 §4.1.2.1)', async () => {
  const reply = refuse(
    new PageError('redirect_uri_not_registered', 'asked for <x>', [{ name: 'redirect_uri', value: 'https://evil.test/"><script>' }]),
  );
  assert.deepEqual(
    [reply.status, pageOf(reply), reply.headers['cache-control'], 'location' in reply.headers],
    [400, 'error', 'no-store', false],
  );
  const body = reply.body.toString();
  assert.ok(body.includes('redirect_uri is not registered'));
  assert.ok(body.includes(String(reply.headers['hufu-decision'])));
  assert.ok(body.includes('evil.test') && !body.includes('<script>'));
  assert.equal(body.includes('asked for'), false, 'the detail is for the record');
  const why = await world.why(reply);
  assert.deepEqual([why.failed, why.detail, why.row.error, why.row.status], ['redirect_uri', 'asked for <x>', 'invalid_request', 400]);
});

test('other failures find their page: a form that is not ours, a request that does not read, a store that is away, a bug', async () => {
  const cases: readonly (readonly [unknown, number, string, string])[] = [
    [new OAuthError('access_denied', 'x'), 403, 'form could not be verified', 'access_denied'],
    [new OAuthError('invalid_request', 'x'), 400, 'request is malformed', 'invalid_request'],
    [new OAuthError('invalid_scope', 'x'), 400, 'request is malformed', 'invalid_request'],
    [new StoreUnavailable('x'), 503, 'service is temporarily unavailable', 'temporarily_unavailable'],
    [
      new OAuthError('temporarily_unavailable', 'x', { retryAfterSeconds: 7 }),
      503,
      'service is temporarily unavailable',
      'temporarily_unavailable',
    ],
    [new TypeError('the secret is x'), 500, 'internal error', 'server_error'],
  ];
  for (const [thrown, status, phrase, code] of cases) {
    const reply = refuse(thrown);
    assert.deepEqual([reply.status, (await world.why(reply)).row.error], [status, code]);
    assert.ok(reply.body.toString().includes(phrase), phrase);
    assert.equal(reply.body.toString().includes('the secret is'), false);
    assert.equal('retry-after' in reply.headers, status === 503);
  }
  assert.equal(refuse(new OAuthError('temporarily_unavailable', 'x', { retryAfterSeconds: 7 })).headers['retry-after'], '7');
  assert.equal(world.events('request.failed').length, 1);
});

test('the page speaks the language of the browser, and its phrase stays (product 2.4)', () => {
  const body = refuse(new PageError('client_id_unknown', 'x'), { 'accept-language': 'zh-CN,zh;q=0.9' }).body.toString();
  assert.match(body, /lang="zh-CN"/i);
  assert.ok(body.includes('client_id is unknown'));
});
