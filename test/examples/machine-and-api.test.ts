import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { postForm } from '../support/agent.ts';
import { freePort } from '../support/hufu.ts';
import { type Running, type RunningHufu, startExample, startHufu, waitFor } from './running.ts';

const NIGHT_WATCH = 'night-watch:for-this-machine-only-make-your-own';

let api: string;
let hufu: RunningHufu;
let running: Running;
before(async () => {
  const port = await freePort();
  api = `http://localhost:${port}`;
  hufu = await startHufu('examples/api/hufu.yaml', { API_URL: api });
  running = startExample('api', { PORT: String(port), API_URL: api, ISSUER: hufu.issuer });
  await waitFor(`${api}/notes`, running);
});
after(async () => {
  await running?.stop();
  await hufu?.stop();
});

async function token(fields: Record<string, string>): Promise<string> {
  const reply = await postForm(`${hufu.issuer}/oauth/token`, { grant_type: 'client_credentials', ...fields }, NIGHT_WATCH);
  assert.equal(reply.status, 200, JSON.stringify(reply.body));
  return String(reply.body['access_token']);
}

function call(path: string, bearer?: string, method = 'GET'): Promise<Response> {
  return fetch(api + path, { method, headers: bearer === undefined ? {} : { authorization: `Bearer ${bearer}` } });
}

test('the example machine gets one token for each resource, and calls the API with them (RFC 6749 §4.4)', async () => {
  const machine = startExample('machine', { API_URL: api, ISSUER: hufu.issuer });
  assert.equal(await machine.ended(), 0, machine.lines.join('\n'));
  assert.deepEqual(machine.lines, [
    `a new token for ${api}/notes, good for 600 seconds, scope notes:read`,
    'GET /notes 200 {"notes":["the gate is shut"],"for":"night-watch"}',
    'GET /notes 200 {"notes":["the gate is shut"],"for":"night-watch"}',
    `a new token for ${api}/files, good for 600 seconds, scope files:read`,
    'GET /files 200 {"files":["map.txt"],"for":"night-watch"}',
  ]);
});

test('the example API refuses what is missing, forged or for another resource, and says so (RFC 6750 §3.1)', async () => {
  const notes = await token({ scope: 'notes:read' });
  const files = await token({ scope: 'files:read' });
  for (const path of ['/notes', '/files']) {
    const bare = await call(path);
    assert.equal(bare.status, 401);
    assert.match(bare.headers.get('www-authenticate') ?? '', /^Bearer(?!.*error)/);
    assert.equal((await call(path, 'nonsense')).status, 401);
    assert.equal((await call(path, path === '/notes' ? files : notes)).status, 401);
    assert.equal((await call(path, path === '/notes' ? notes : files)).status, 200);
  }
  const weak = await call('/notes', notes, 'POST');
  assert.equal(weak.status, 403);
  assert.match(weak.headers.get('www-authenticate') ?? '', /insufficient_scope.*notes:write/);
});

test('the example API refuses a revoked opaque token at the next request (RFC 7009 §2, RFC 7662 §2.2)', async () => {
  const files = await token({ scope: 'files:read' });
  assert.equal((await call('/files', files)).status, 200);
  assert.equal((await postForm(`${hufu.issuer}/oauth/revoke`, { token: files }, NIGHT_WATCH)).status, 200);
  assert.equal((await call('/files', files)).status, 401);
});
