import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Browser, locationOf, openTokenHandler } from '../testing/token-handler-world.ts';

test('nobody is sent to an issuer that does not answer, though all is known of it; and once it does, people are (OpenID Connect Discovery §4)', async () => {
  const { handler, issuer } = await openTokenHandler();
  await handler.client.metadata();
  const { issuer: name } = issuer.metadata;
  issuer.metadata['issuer'] = 'https://somebody.else.example';
  const browser = new Browser(handler);
  for (let turn = 0; turn < 2; turn += 1) {
    const { status, headers, body } = await browser.ask('/edge/login');
    assert.deepEqual([status, JSON.parse(body).code], [503, 'issuer_unavailable']);
    assert.ok(headers.some(([header]) => header === 'retry-after'));
    assert.equal(browser.jar.size, 0);
  }
  issuer.metadata['issuer'] = name;
  const before = [...issuer.fetched.values()].reduce((sum, one) => sum + one, 0);
  const begun = await Promise.all(Array.from({ length: 10 }, () => new Browser(handler).ask('/edge/login')));
  assert.deepEqual([...new Set(begun.map(({ status }) => status))], [303]);
  assert.equal([...issuer.fetched.values()].reduce((sum, one) => sum + one, 0) - before, 1, 'asked once for all of them');
});

test('who asks for offline_access asks for consent to it, or would not be heard (OpenID Connect Core §11)', async () => {
  const prompts = async (scope: string, query: string): Promise<string | null> => {
    const { handler } = await openTokenHandler({ scope });
    return new URL(locationOf(await new Browser(handler).ask(`/edge/login${query}`))).searchParams.get('prompt');
  };
  assert.equal(await prompts('openid offline_access', ''), 'consent');
  assert.equal(await prompts('openid offline_access', '?prompt=login'), 'login consent');
  assert.equal(await prompts('openid offline_access', '?prompt=none'), 'none');
  assert.equal(await prompts('openid offline_access', '?prompt=consent'), 'consent');
  assert.equal(await prompts('openid', ''), null);
  assert.equal(await prompts('openid', '?prompt=login'), 'login');
});
