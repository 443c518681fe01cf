import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { after, test } from 'node:test';
import { openReceiver } from '../testing/receiver.ts';
import { answerOf, ask, signedIn } from '../testing/visits.ts';
import { BASIC_YAML, ISSUER, openWorld } from '../testing/world.ts';

const waiting: ServerResponse[] = [];
let held = false;
const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const OBJECT = `${part({ alg: 'none' })}.${part({ iss: 'spa', aud: ISSUER, scope: 'openid', state: 'inner', response_type: 'code' })}.`;
const host = await openReceiver(({ path }, reply) => {
  if (path.startsWith('/wrong')) reply.writeHead(path === '/wrong/moved' ? 302 : 404, { location: '/r/0' }).end();
  else if (held) waiting.push(reply);
  else reply.end(`${OBJECT}\n`);
});
const uris = [
  ...Array.from({ length: 20 }, (_, at) => `${host.origin}/r/${at}`),
  `${host.origin}/wrong/moved`,
  `${host.origin}/wrong/gone`,
];
const world = await openWorld({
  yaml: `policies: { outbound: { allow_hosts: [127.0.0.1] } }${BASIC_YAML.replace(
    '- client_id: spa\n',
    `- client_id: spa\n    request_object_signing_alg: none\n    request_uris: [${uris.join(', ')}]\n`,
  )}`,
});
const alice = await signedIn(world);
after(async () => {
  await world.close();
  await host.close();
});

async function answer(uri: string): Promise<URLSearchParams> {
  return answerOf(await ask(world, alice, { request_uri: uri }));
}

test('a request object is fetched from a registered address, a fragment aside (OpenID Connect Core §6.2, Registration §2)', async () => {
  for (const uri of [`${host.origin}/r/0`, `${host.origin}/r/1#sha256-of-it`]) {
    const heard = await answer(uri);
    assert.deepEqual([heard.get('state'), heard.has('code')], ['inner', true], uri);
  }
  assert.ok(host.heard.every(({ path, method }) => method === 'GET' && path.startsWith('/r/')));
});

test('what does not answer with it is invalid_request_uri (OpenID Connect Core §3.1.2.6, attacks SSR-03)', async () => {
  for (const uri of uris.slice(-2)) assert.equal((await answer(uri)).get('error'), 'invalid_request_uri', uri);
});

test('whoever asks at the same time shares one request, and there are sixteen at most (attacks SSR-14)', async () => {
  held = true;
  const before = host.heard.length;
  const shared = [0, 1, 2].map(() => answer(uris[0] ?? ''));
  const others = uris.slice(1, 16).map(answer);
  await host.count(before + 16);
  for (const uri of uris.slice(16, 20)) assert.equal((await answer(uri)).get('error'), 'temporarily_unavailable', uri);
  held = false;
  for (const reply of waiting.splice(0)) reply.end(OBJECT);
  for (const heard of await Promise.all([...shared, ...others])) assert.equal(heard.get('state'), 'inner');
  assert.equal(host.heard.length, before + 16);
  assert.equal((await answer(uris[16] ?? '')).get('state'), 'inner', 'and then there is room again');
});
