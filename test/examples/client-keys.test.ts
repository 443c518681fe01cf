import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { freePort } from '../support/hufu.ts';
import { hufuCommand, type RunningHufu, startExample, startHufu } from './running.ts';

const CONFIG = 'examples/client-keys/hufu.yaml';

let hufu: RunningHufu;
let port = 0;
before(async () => {
  port = await freePort();
  hufu = await startHufu(CONFIG, { COURIER_URL: `http://localhost:${port}` });
});
after(() => hufu?.stop());

test('the example courier proves itself with a key, and with the next one as soon as it is published (RFC 7523 §2.2)', async () => {
  const courier = startExample('client-keys', { ISSUER: hufu.issuer, PORT: String(port) });
  assert.equal(await courier.ended(), 0, courier.lines.join('\n'));
  const [keys, first, second, stranger, once, again] = courier.lines;
  assert.equal(keys, `The keys are at http://localhost:${port}/jwks`);
  for (const line of [first, second, once]) assert.match(line ?? '', /: +a token, good for 600 seconds, scope letters:read$/);
  for (const [line, reason] of [
    [stranger, /✗ The client assertion is signed with a key or the secret of the client\n +its signature is wrong/],
    [again, /✗ The client assertion has not been used before\n +its jti has been used before/],
  ] as const) {
    assert.match(line ?? '', /: +401; npx hufu why \w{18}$/);
    const why = hufuCommand(['why', /\w{18}$/.exec(line ?? '')?.[0] ?? '', '--config', CONFIG], hufu.env);
    assert.equal(await why.ended(), 0);
    assert.match(why.lines.join('\n'), reason);
  }
});
