import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { clientId } from '@hufu/protocol/ids';
import { hashClientSecret } from '@hufu/server/client-auth/authenticate-client';
import { type JsonReply, postForm } from '../support/agent.ts';
import { BASIC_YAML } from '../support/hufu.ts';
import { assertClientRefused, assertTokenError } from './expect.ts';
import { type Arena, arena } from './oracles.ts';
import { MACHINE_BASIC } from './sign-ins.ts';
import { now, token } from './token-requests.ts';
import { twoNodes } from './two-nodes.ts';

/** A secret of everything that form encoding and Basic treat in a way of their own. */
const ODD_SECRET = 'a:b+c%2Bd e&f=g/h"i~j';
const EXTRA = `
  - { client_id: post, client_secret: post-secret-0123456789abcdef0123456789, token_endpoint_auth_method: client_secret_post, grant_types: [client_credentials], scope: read }
  - { client_id: 'odd:id', client_secret: '${ODD_SECRET}', grant_types: [client_credentials], scope: read }
`;
const YAML = BASIC_YAML.replace('\nresources:', `${EXTRA}resources:`);
const GOOD = { grant_type: 'client_credentials', scope: 'read' };
const SECRET = MACHINE_BASIC.slice(8);
const POST_SECRET = 'post-secret-0123456789abcdef0123456789';

/** With the Authorization header as given. */
async function withHeader(here: Arena, authorization: string, fields: Record<string, string> = GOOD): Promise<JsonReply> {
  const reply = await fetch(`${here.issuer}/oauth/token`, {
    method: 'POST',
    headers: { authorization, 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(fields).toString(),
  });
  return { status: reply.status, headers: reply.headers, body: Object(await reply.json()) };
}

describe('TOK: client authentication', () => {
  const here = arena({ yaml: YAML });

  test('TOK-04 · two ways at once, even when both are right (RFC 6749 §2.3)', async () => {
    for (const more of [{ client_secret: SECRET }, { client_secret: 'wrong' }, { client_id: 'machine', client_secret: SECRET }])
      assertTokenError(await token(here, { ...GOOD, ...more }, MACHINE_BASIC), 'invalid_request');
    const assertion = { client_assertion: 'a.b.c', client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer' };
    assertTokenError(await token(here, { ...GOOD, ...assertion }, MACHINE_BASIC), 'invalid_request');
    assertTokenError(await token(here, { ...GOOD, ...assertion, client_id: 'post', client_secret: POST_SECRET }), 'invalid_request');
    // An assertion that nobody reads is no reason to be taken for who one says one is.
    assertClientRefused(await token(here, { grant_type: 'refresh_token', refresh_token: 'x', client_id: 'spa', ...assertion }));
    assertClientRefused(await token(here, { ...GOOD, ...assertion }));
    // The id beside the header is no second way; another one is a lie.
    assert.equal((await token(here, { ...GOOD, client_id: 'machine' }, MACHINE_BASIC)).status, 200);
    assertClientRefused(await token(here, { ...GOOD, client_id: 'web' }, MACHINE_BASIC));
    assertClientRefused(await token(here, { ...GOOD, client_id: 'spa' }, MACHINE_BASIC));
  });

  test('TOK-05 · unknown, wrong and expired look alike (RFC 6749 §5.2)', async (t) => {
    const { store, context } = here.hufu;
    const api = await store.findClient(context.tenant, clientId('api'));
    assert.ok(api);
    const [secret] = api.secrets;
    assert.ok(secret);
    await store.putClient(context.tenant, { ...api, secrets: [{ ...secret, expiresAt: now(here) - 1 }] }, now(here));
    const tries = ['nobody:x', 'machine:wrong', 'api:api-secret-0123456789abcdef0123456789', 'spa:x', 'machine:'];
    const replies: JsonReply[] = [];
    for (const basic of tries) replies.push(await token(here, GOOD, basic));
    for (const reply of replies) assertClientRefused(reply);
    assert.equal(new Set(replies.map((reply) => JSON.stringify(reply.body))).size, 1);
    const headers = replies.map((reply) => [...reply.headers].filter(([name]) => !['date', 'hufu-decision'].includes(name)).join('\n'));
    assert.equal(new Set(headers).size, 1);
    // Said, not asserted: on a shared machine medians wander.
    const medians: string[] = [];
    const times = tries.slice(0, 3).map((): number[] => []);
    for (let round = 0; round < 60; round++) {
      for (const [i, basic] of tries.slice(0, 3).entries()) {
        const begun = performance.now();
        await token(here, GOOD, basic);
        times[i]?.push(performance.now() - begun);
      }
    }
    for (const [i, list] of times.entries())
      medians.push(`${tries[i]?.split(':')[0] ?? ''} ${(list.toSorted((a, b) => a - b)[30] ?? 0).toFixed(2)} ms`);
    t.diagnostic(`medians: ${medians.join(', ')}`);
    await store.putClient(context.tenant, api, now(here));
  });

  const encode = (text: string): string => encodeURIComponent(text);
  const basics: readonly (readonly [string, string, 200 | 401])[] = [
    ['form-encoded, as the RFC has it', btoa(`${encode('odd:id')}:${encode(ODD_SECRET)}`), 200],
    ['spaces as +', btoa(`${encode('odd:id')}:${encode(ODD_SECRET).replaceAll('%20', '+')}`), 200],
    ['a colon in the secret as it is', btoa(`${encode('odd:id')}:${encode(ODD_SECRET).replaceAll('%3A', ':')}`), 200],
    ['nothing encoded', btoa(`odd:id:${ODD_SECRET}`), 401],
    ['encoded twice', btoa(`${encode('odd:id')}:${encode(encode(ODD_SECRET))}`), 401],
    ['no colon', btoa('machine'), 401],
    ['an empty secret', btoa('machine:'), 401],
    ['an empty id', btoa(`:${SECRET}`), 401],
    ['nothing', '', 401],
    ['no base64', '@@@', 401],
    ['base64 without its padding', btoa(MACHINE_BASIC.slice(0, -1)).replace(/=+$/, ''), 401],
    ['too much padding', `${btoa(MACHINE_BASIC)}==`, 401],
    ['bytes behind it', `${btoa(MACHINE_BASIC)} x`, 401],
    ['bytes behind the secret', btoa(`${MACHINE_BASIC}\0`), 401],
    ['a line break in it', btoa(`${MACHINE_BASIC}\n`), 401],
    ['another alphabet', btoa(`${MACHINE_BASIC}>>>???`).replaceAll('+', '-').replaceAll('/', '_'), 401],
    ['stray bits', btoa('machine:x').replace(/.$/, (last) => String.fromCharCode(last.charCodeAt(0) + 1)), 401],
    ['bytes that are no UTF-8', btoa('machine:\xff\xfe'), 401],
    ['escapes that are no UTF-8', btoa('machine:%FF%FE'), 401],
    ['a broken escape', btoa('machine:%zz'), 401],
    ['a NUL in the id', btoa(`mach%00ine:${SECRET}`), 401],
    ['a kilobyte too much', btoa(`machine:${'x'.repeat(5_000)}`), 401],
    ['as it should be', btoa(MACHINE_BASIC), 200],
  ];
  for (const [what, text, status] of basics) {
    test(`TOK-06 · Basic with ${what} (RFC 6749 §2.3.1)`, async () => {
      const reply = await withHeader(here, `Basic ${text}`);
      if (status === 401) assertClientRefused(reply);
      else assert.equal(reply.status, 200, JSON.stringify(reply.body));
    });
  }

  test('TOK-06 · other schemes, and a header of a megabyte (RFC 6749 §2.3.1)', async () => {
    for (const header of [
      'Basic',
      'Bearer x',
      'Digest username="machine"',
      `Basic\t${btoa(MACHINE_BASIC)}`,
      btoa(MACHINE_BASIC),
      'DPoP x',
      'Negotiate x',
    ])
      assertClientRefused(await withHeader(here, header), header);
    assert.equal((await withHeader(here, `bASIC   ${btoa(MACHINE_BASIC)}`)).status, 200);
    const reply = await fetch(`${here.issuer}/oauth/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${'A'.repeat(1_048_576)}` },
    }).catch((error: unknown) => error);
    if (reply instanceof Response) assert.equal([401, 431].includes(reply.status), true, String(reply.status));
  });

  test('TOK-08 · a client proves itself the way it is registered for, and no other (RFC 6749 §3.2.1, RFC 7591 §2)', async () => {
    assertClientRefused(await token(here, { ...GOOD, client_id: 'machine', client_secret: SECRET }), 'basic, by post');
    assertClientRefused(await token(here, { ...GOOD, client_id: 'machine' }), 'basic, by nothing');
    assertClientRefused(await token(here, GOOD, `post:${POST_SECRET}`), 'post, by basic');
    assertClientRefused(await token(here, { ...GOOD, client_id: 'post' }), 'post, by nothing');
    assertClientRefused(await token(here, { grant_type: 'refresh_token', refresh_token: 'x' }, 'spa:'), 'none, by basic');
    assertClientRefused(
      await token(here, { grant_type: 'refresh_token', refresh_token: 'x', client_id: 'spa', client_secret: 'x' }),
      'none, by post',
    );
    assertClientRefused(await token(here, GOOD), 'nobody');
    assert.equal((await token(here, { ...GOOD, client_id: 'post', client_secret: POST_SECRET })).status, 200);
    // At every endpoint that authenticates clients.
    for (const path of ['/oauth/introspect', '/oauth/revoke']) {
      for (const fields of [
        { client_id: 'machine', client_secret: SECRET },
        { client_id: 'machine' },
        {},
        { client_id: 'machine', client_assertion: 'a.b.c' },
      ]) {
        assertClientRefused(await postForm(`${here.issuer}${path}`, { token: 'x', ...fields }), path);
      }
    }
  });

  test('TOK-21 · a client that is switched off gets nothing, with the right secret or without (RFC 6749 §5.2)', async () => {
    const { store, context } = here.hufu;
    const machine = await store.findClient(context.tenant, clientId('machine'));
    assert.ok(machine);
    const before = await token(here, GOOD, MACHINE_BASIC);
    await store.putClient(context.tenant, { ...machine, enabled: false }, now(here));
    const off = await token(here, GOOD, MACHINE_BASIC);
    assertClientRefused(off);
    assert.deepEqual(off.body, (await token(here, GOOD, 'machine:wrong')).body);
    for (const path of ['/oauth/introspect', '/oauth/revoke'])
      assertClientRefused(await postForm(here.issuer + path, { token: String(before.body['access_token']) }, MACHINE_BASIC));
    const seen = await postForm(
      `${here.issuer}/oauth/introspect`,
      { token: String(before.body['access_token']) },
      'api:api-secret-0123456789abcdef0123456789',
    );
    assert.deepEqual(seen.body, { active: false });
    await store.putClient(context.tenant, { ...machine, enabled: true }, now(here));
    assert.equal((await token(here, GOOD, MACHINE_BASIC)).status, 200);
  });

  test('TOK-27 · a certificate that a header tells of is nobody’s (RFC 9700 §4.13)', async () => {
    const headers = [
      'X-Client-Cert',
      'X-SSL-Client-Cert',
      'X-SSL-Client-Verify',
      'X-SSL-Client-S-DN',
      'X-Forwarded-Client-Cert',
      'SSL-Client-Verify',
      'SSL_CLIENT_VERIFY',
      'Client-Cert',
      'X-ARR-ClientCert',
      'X-Amzn-Mtls-Clientcert',
    ];
    for (const name of headers) {
      for (const value of ['SUCCESS', '-----BEGIN CERTIFICATE-----', 'CN=machine', 'Hash=x;Subject="CN=machine"']) {
        const reply = await fetch(`${here.issuer}/oauth/token`, {
          method: 'POST',
          headers: { [name]: value, 'content-type': 'application/x-www-form-urlencoded' },
          body: new URLSearchParams({ ...GOOD, client_id: 'machine' }).toString(),
        });
        assertClientRefused({ status: reply.status, headers: reply.headers, body: Object(await reply.json()) }, name);
      }
    }
  });
});

describe('TOK: guessing', () => {
  const here = arena({ yaml: BASIC_YAML.replace('policies: { brute_force: off }', '') });

  test('TOK-26 · guesses are slowed down, the right secret is not (RFC 6819 §5.1.4.2.3)', async () => {
    const statuses: number[] = [];
    for (let i = 0; i < 40; i++) {
      const reply = await token(here, GOOD, `machine:guess-${i}-0123456789`);
      statuses.push(reply.status);
      if (reply.status === 429) assert.match(reply.headers.get('retry-after') ?? '', /^[1-9][0-9]*$/);
    }
    assert.equal(statuses[0], 401);
    assert.equal(statuses.at(-1), 429);
    assert.deepEqual(new Set(statuses), new Set([401, 429]));
    assert.equal((await token(here, GOOD, MACHINE_BASIC)).status, 200, 'the owner is not locked out');
    // Neither is any other client, nor does a right secret reset the count.
    assert.equal((await token(here, GOOD, 'api:api-secret-0123456789abcdef0123456789')).status, 200);
    assert.equal((await token(here, GOOD, 'machine:guess-again-0123456789')).status, 429);
    // It is the same at every endpoint that authenticates clients.
    assert.equal((await postForm(`${here.issuer}/oauth/introspect`, { token: 'x' }, 'machine:guess-there-0123456789')).status, 429);
  });
});

describe('TOK: secrets in rotation', () => {
  const nodes = twoNodes(BASIC_YAML);

  test('TOK-15 · two secrets in the overlap, and the old one dead on both nodes after it (RFC 7592 §2.2)', async () => {
    const { first, second } = nodes;
    const both = [first.origin, second.origin];
    const time = (): number => Math.floor(first.context.clock.nowMs() / 1000);
    const statuses = async (basic: string): Promise<readonly number[]> => {
      const replies: number[] = [];
      for (const base of both) replies.push((await postForm(`${base}/oauth/token`, GOOD, basic)).status);
      return replies;
    };
    assert.deepEqual(await statuses(MACHINE_BASIC), [200, 200]);
    const machine = await first.store.findClient(first.context.tenant, clientId('machine'));
    const [old] = machine?.secrets ?? [];
    assert.ok(machine && old);
    const fresh = {
      hash: hashClientSecret(first.context, 'machine', 'machine-new-secret-0123456789abcdef'),
      createdAt: time(),
      expiresAt: 0,
    };
    await first.store.putClient(first.context.tenant, { ...machine, secrets: [fresh, { ...old, expiresAt: time() + 60 }] }, time());
    assert.deepEqual(await statuses(MACHINE_BASIC), [200, 200]);
    assert.deepEqual(await statuses('machine:machine-new-secret-0123456789abcdef'), [200, 200]);
    for (const node of [first, second]) await node.advance('PT60S');
    assert.deepEqual(await statuses(MACHINE_BASIC), [401, 401]);
    assert.deepEqual(await statuses('machine:machine-new-secret-0123456789abcdef'), [200, 200]);
    await first.store.putClient(first.context.tenant, { ...machine, secrets: [] }, time());
    assert.deepEqual(await statuses('machine:machine-new-secret-0123456789abcdef'), [401, 401]);
  });
});
