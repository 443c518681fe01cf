import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readDpopProof } from '@hufu/protocol/dpop';
import { ClientError } from './client-error.ts';
import { newDpopKey } from './dpop.ts';
import { readLifeSeconds } from './session/lifetime.ts';
import { isFault } from './testing/fault.ts';
import { type Asked, json, openIssuer, type TestIssuer } from './testing/issuer.ts';
import { fetchTokens } from './tokens.ts';

const GOOD = { access_token: 'at', token_type: 'Bearer', expires_in: 600 };

async function answered(response: (asked: Asked) => Response | Promise<Response>): Promise<TestIssuer> {
  const world = await openIssuer();
  world.answers.set('/token', response);
  return world;
}

const ask = (world: TestIssuer): Promise<unknown> => fetchTokens(world.client(), 'client_credentials', { parameters: [] });

test('what is no token answer gives no token, whatever its status (RFC 6749 §5.1, attacks SDK-11)', async () => {
  const html = (status: number): Response => new Response('<html>', { status, headers: { 'content-type': 'text/html' } });
  for (const [response, kind, code] of [
    [() => html(200), 'malformed', 'malformed'],
    [() => html(404), 'malformed', 'status_404'],
    [() => html(502), 'unavailable', 'status_502'],
    [() => new Response(JSON.stringify(GOOD), { headers: { 'content-type': 'text/plain' } }), 'malformed', 'malformed'],
    [() => new Response('{"access_token":', { headers: { 'content-type': 'application/json' } }), 'malformed', 'malformed'],
    [() => json(200, [GOOD]), 'malformed', 'malformed'],
    [() => json(200, { ...GOOD, error: 'invalid_grant' }), 'refused', 'invalid_grant'],
    [() => json(201, GOOD), 'malformed', 'status_201'],
    [() => json(400, { error: 'invalid_grant' }), 'refused', 'invalid_grant'],
    [() => json(503, { error: 'temporarily_unavailable' }), 'unavailable', 'temporarily_unavailable'],
    [() => json(500, { error: 'invalid_grant' }), 'unavailable', 'invalid_grant'],
    [() => json(200, { ...GOOD, token_type: 'mac' }), 'malformed', 'malformed'],
    [() => json(200, { ...GOOD, token_type: undefined }), 'malformed', 'malformed'],
    [() => json(200, { ...GOOD, token_type: 'DPoP' }), 'malformed', 'malformed'],
    [() => json(200, { ...GOOD, access_token: undefined }), 'malformed', 'malformed'],
    [() => json(200, { ...GOOD, access_token: '' }), 'malformed', 'malformed'],
    [() => json(200, { ...GOOD, access_token: 'a b' }), 'malformed', 'malformed'],
    [() => json(200, { ...GOOD, access_token: 'a\r\nx: y' }), 'malformed', 'malformed'],
    [() => json(200, { ...GOOD, access_token: 'a'.repeat(16_385) }), 'malformed', 'malformed'],
    [() => json(200, { ...GOOD, refresh_token: 7 }), 'malformed', 'malformed'],
    [() => json(200, { ...GOOD, pad: 'x'.repeat(1_048_576) }), 'malformed', 'malformed'],
    [() => Promise.reject(new TypeError('reset')), 'unreachable', 'network'],
  ] as const) {
    await assert.rejects(ask(await answered(response)), isFault(kind, code));
  }
});

test('an answer that breaks off is one that nobody knows (RFC 6749 §5.1, attacks SDK-11)', async () => {
  const broken = (): Response => {
    const body = new ReadableStream({
      start(controller) {
        controller.enqueue(new TextEncoder().encode('{"access_token":"at"'));
        controller.error(new TypeError('reset'));
      },
    });
    return new Response(body, { headers: { 'content-type': 'application/json' } });
  };
  await assert.rejects(ask(await answered(broken)), isFault('unreachable', 'network'));
});

test('a flood is not read to its end (RFC 6749 §5.1, attacks SDK-11)', async () => {
  let read = 0;
  let isCancelled = false;
  const flood = (): Response => {
    const body = new ReadableStream({
      pull(controller) {
        read += 65_536;
        controller.enqueue(new Uint8Array(65_536));
      },
      cancel() {
        isCancelled = true;
      },
    });
    return new Response(body, { headers: { 'content-type': 'application/json' } });
  };
  await assert.rejects(ask(await answered(flood)), isFault('malformed', 'malformed'));
  assert.ok(isCancelled && read < 2_097_152, `${read}`);
});

test('whoever gives up hears their own reason, and what is said to wait is bounded (RFC 9110 §10.2.3)', async () => {
  const world = await answered(() => json(429, { error: 'slow_down', error_description: 'x\u0000' }, { 'retry-after': '999999' }));
  await assert.rejects(ask(world), (error) => {
    assert.ok(error instanceof ClientError);
    assert.deepEqual([error.kind, error.status, error.retryAfterSeconds, error.description], ['unavailable', 429, 300, 'x?']);
    return true;
  });
  const reason = new Error('enough');
  const request = { parameters: [], signal: AbortSignal.abort(reason) };
  await assert.rejects(fetchTokens(world.client(), 'x', request), (error) => error === reason);
});

test('a refusal of a Hufu brings the id under which it is explained; nothing else is taken for one', async () => {
  for (const [id, known] of [
    ['01M82P2HKB24GT7QBS', '01M82P2HKB24GT7QBS'],
    ['x-01M82P2HKB24GT7QBS', undefined],
    ['', undefined],
  ] as const) {
    const world = await answered(() => json(400, { error: 'invalid_grant' }, { 'hufu-decision': id }));
    await assert.rejects(ask(world), (error) => error instanceof ClientError && error.decision === known);
  }
});

test('the kind of token is read in any case, and its life from before the request (RFC 6749 §5.1)', async () => {
  const world = await answered(() => {
    world.nowMs += 10_000;
    return json(200, { ...GOOD, token_type: 'bEARER' });
  });
  const { sentAt, expiresIn } = await fetchTokens(world.client(), 'client_credentials', { parameters: [] });
  assert.deepEqual([sentAt, expiresIn], [1_800_000_000_000, 600]);
});

test('a life that is negative, text, missing or absurd is unknown (RFC 6749 §5.1, attacks SDK-10)', () => {
  for (const value of [undefined, null, -1, Number.NaN, '-5', '1e3', 'soon', '', {}, 86_401, 600_000_000])
    assert.equal(readLifeSeconds(value), undefined);
  for (const [value, seconds] of [
    [600, 600],
    ['600', 600],
    [0, 0],
    [86_400, 86_400],
  ] as const)
    assert.equal(readLifeSeconds(value), seconds);
});

test('a request with a key brings a proof for this address, and one more with the nonce that is asked for (RFC 9449 §5, §8)', async () => {
  const world = await answered(({ headers }) => {
    const reading = readDpopProof(headers.get('dpop') ?? '');
    assert.ok(reading.kind === 'read', JSON.stringify(reading));
    const { htm, htu, iat, nonce, ath } = reading.proof;
    assert.deepEqual([htm, htu, iat, ath], ['POST', 'https://id.example/token', 1_800_000_000, undefined]);
    if (nonce === 'n1') return json(200, { ...GOOD, token_type: 'dpop' }, { 'dpop-nonce': 'n2' });
    return json(400, { error: 'use_dpop_nonce' }, { 'dpop-nonce': 'n1' });
  });
  const client = world.client();
  const dpopKey = await newDpopKey();
  const { tokenType } = await fetchTokens(client, 'client_credentials', { parameters: [], dpopKey });
  assert.equal(tokenType, 'DPoP');
  assert.equal(world.asked.length, 2);
  const proofs = world.asked.map(({ headers }) => headers.get('dpop'));
  assert.notEqual(proofs[0], proofs[1]);
  assert.equal(client.nonces.of('https://id.example/x'), 'n2');
  await assert.rejects(crypto.subtle.exportKey('jwk', dpopKey.privateKey), 'the private half cannot be read out');
});

test('requests that were sent side by side without a nonce all get the one that is asked for (RFC 9449 §8)', async () => {
  const first: (() => void)[] = [];
  const world = await answered(async ({ headers }) => {
    const reading = readDpopProof(headers.get('dpop') ?? '');
    if (reading.kind === 'read' && reading.proof.nonce === 'n1') return json(200, { ...GOOD, token_type: 'DPoP' });
    // No answer before all three have come.
    await new Promise<void>((resolve) => first.push(resolve) === 3 && first.forEach((go) => void go()));
    return json(400, { error: 'use_dpop_nonce' }, { 'dpop-nonce': 'n1' });
  });
  const client = world.client();
  const dpopKey = await newDpopKey();
  const all = await Promise.all([1, 2, 3].map(() => fetchTokens(client, 'client_credentials', { parameters: [], dpopKey })));
  assert.deepEqual(
    all.map(({ accessToken }) => accessToken),
    ['at', 'at', 'at'],
  );
  assert.equal(world.asked.length, 6);
});

test('a server that always wants another nonce is asked twice, not for ever (RFC 9449 §8)', async () => {
  let nonces = 0;
  const world = await answered(() => json(400, { error: 'use_dpop_nonce' }, { 'dpop-nonce': `n${nonces++}` }));
  await assert.rejects(
    fetchTokens(world.client(), 'x', { parameters: [], dpopKey: await newDpopKey() }),
    isFault('refused', 'use_dpop_nonce'),
  );
  assert.equal(world.asked.length, 2);
  const unbound = await answered(() => json(200, GOOD));
  const bound = fetchTokens(unbound.client(), 'x', { parameters: [], dpopKey: await newDpopKey() });
  await assert.rejects(bound, isFault('malformed', 'malformed'), 'a token that is bound to nothing is not what was asked for');
});
