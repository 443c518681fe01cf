import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { KeySource } from './key-source.ts';
import { answer, makeKey, startIssuer, type TestIssuer } from './testing/issuer.ts';

const START = 1_800_000_000_000;
const HOUR = 3_600_000;
const METADATA = '/.well-known/oauth-authorization-server';
const one = makeKey('ES256', 'one');
const two = makeKey('ES256', 'two');

let issuer: TestIssuer;
let now = START;
let source: KeySource;
beforeEach(async () => {
  now = START;
  issuer = await startIssuer([one]);
  source = make();
});
afterEach(() => issuer.close());

function make(jwksUri?: string): KeySource {
  return new KeySource({ issuer: issuer.issuer, jwksUri, fetch: globalThis.fetch, nowMs: () => now });
}

test('whoever wants to do without the issuer for a shorter time says so: counted from when keys were no longer fresh', async () => {
  source = new KeySource({ issuer: issuer.issuer, jwksUri: undefined, fetch: globalThis.fetch, nowMs: () => now, maxStaleMs: 310_000 });
  assert.equal(await kindOf('one'), 'found');
  breakIssuer();
  now += 600_000 + 309_000;
  assert.equal(await kindOf('one'), 'found');
  now += 2_000;
  assert.equal(await kindOf('one'), 'unavailable');
});

async function kindOf(kid: string): Promise<string> {
  return (await source.find(kid)).kind;
}

/** Answers nothing but failures. */
function breakIssuer(): void {
  issuer.served.answer = (_request, response) => response.writeHead(500).end();
}

function fetches(): number {
  return issuer.requests.filter((path) => path === '/keys').length;
}

test('the address of the keys comes from the metadata that names this very issuer (RFC 8414 §3.3)', async () => {
  assert.equal(await kindOf('one'), 'found');
  assert.deepEqual(issuer.requests, [METADATA, '/keys']);
  const { issuer: own } = issuer;
  const bad = [
    { issuer: `${own}/`, jwks_uri: `${own}/keys` },
    { issuer: own.toUpperCase(), jwks_uri: `${own}/keys` },
    { jwks_uri: `${own}/keys` },
    { issuer: own },
    { issuer: own, jwks_uri: 'http://keys.example/keys' },
    { issuer: own, jwks_uri: 'file:///etc/keys' },
    { issuer: own, jwks_uri: 7 },
    [],
  ];
  for (const metadata of bad) {
    issuer.served.metadata = metadata;
    source = make();
    assert.equal(await kindOf('one'), 'unavailable', JSON.stringify(metadata));
  }
  assert.equal(fetches(), 1);
});

test('OpenID discovery is asked where there is no other metadata, and only there (OpenID Connect Discovery §4)', async () => {
  issuer.served.hasOauthMetadata = false;
  assert.equal(await kindOf('one'), 'found');
  assert.deepEqual(issuer.requests, [METADATA, '/.well-known/openid-configuration', '/keys']);
  issuer.requests.length = 0;
  breakIssuer();
  source = make();
  assert.equal(await kindOf('one'), 'unavailable');
  assert.deepEqual(issuer.requests, [METADATA]);
});

test('a given jwksUri is asked and no metadata is', async () => {
  source = make(`${issuer.issuer}/keys`);
  assert.equal(await kindOf('one'), 'found');
  assert.deepEqual(issuer.requests, ['/keys']);
});

test('1,000 misses at once make one fetch, for known and for unknown keys', async () => {
  const found = await Promise.all(Array.from({ length: 1_000 }, (_, at) => source.find(at % 2 === 0 ? 'one' : `rubbish ${at}`)));
  assert.equal(found.filter(({ kind }) => kind === 'found').length, 500);
  assert.equal(found.filter(({ kind }) => kind === 'unknown').length, 500);
  assert.deepEqual(issuer.requests, [METADATA, '/keys']);
});

test('a new key is found at once, and a flood of unknown ones costs one fetch in 5 seconds', async () => {
  await source.find('one');
  issuer.served.keys = [one.jwk, two.jwk];
  now += 5_000;
  assert.equal(await kindOf('two'), 'found');
  assert.equal(fetches(), 2);
  for (let second = 0; second < 60; second++) {
    for (let at = 0; at < 20; at++) assert.equal(await kindOf(`rubbish ${second} ${at}`), 'unknown');
    assert.equal(await kindOf('one'), 'found');
    now += 1_000;
  }
  assert.equal(fetches(), 2 + 60 / 5 - 1);
});

test('Cache-Control decides how long the keys are kept, from 5 seconds to an hour; without it 5 minutes (RFC 9111 §5.2.2.1)', async () => {
  const cases: readonly (readonly [string | undefined, number])[] = [
    ['max-age=600', 600_000],
    ['max-age=31536000', HOUR],
    [undefined, 300_000],
    ['no-store', 5_000],
    ['max-age=1', 5_000],
  ];
  for (const [cacheControl, keptMs] of cases) {
    issuer.served.cacheControl = cacheControl;
    source = make();
    await source.find('one');
    const before = fetches();
    now += keptMs * 0.8 - 1;
    await source.find('one');
    assert.equal(fetches(), before, `${cacheControl}: kept`);
    now = now + 1 + keptMs * 0.2;
    await source.find('one');
    assert.equal(fetches(), before + 1, `${cacheControl}: over`);
  }
});

test('a key that is withdrawn is gone when the keys are read again', async () => {
  await source.find('one');
  issuer.served.keys = [two.jwk];
  now += 600_000;
  assert.equal(await kindOf('one'), 'unknown');
  assert.equal(source.peek('one'), undefined);
});

test('while the issuer is away, the keys we have serve for 24 hours, and asking stays rare', async () => {
  await source.find('one');
  breakIssuer();
  now += 600_000;
  assert.equal(await kindOf('one'), 'found');
  assert.equal(await kindOf('two'), 'unavailable');
  const before = issuer.requests.length;
  for (let at = 0; at < 100; at++) assert.equal(await kindOf(at % 2 === 0 ? 'one' : 'two'), at % 2 === 0 ? 'found' : 'unavailable');
  assert.equal(issuer.requests.length, before);
  now = START + 24 * HOUR - 1;
  assert.equal(await kindOf('one'), 'found');
  now = START + 24 * HOUR;
  assert.equal(await kindOf('one'), 'unavailable');
});

test('an issuer that hangs holds up the first request alone: the next ones use what is there', async () => {
  await source.find('one');
  now += 600_000;
  breakIssuer();
  await source.find('one');
  now += 5_000;
  let release: (() => void) | undefined;
  const asked = new Promise<void>((resolve) => {
    issuer.served.answer = (request, response) => {
      release = () => answer(issuer.served, request, response);
      resolve();
    };
  });
  assert.equal(await kindOf('one'), 'found');
  await asked;
  assert.equal(await kindOf('one'), 'found');
  issuer.served.answer = undefined;
  release?.();
});

test('an issuer that comes back is used after 5 seconds, at another address if it names one', async () => {
  breakIssuer();
  assert.equal(await kindOf('one'), 'unavailable');
  issuer.served.answer = undefined;
  assert.equal(await kindOf('one'), 'unavailable');
  now += 5_000;
  assert.equal(await kindOf('one'), 'found');

  const moved = await startIssuer([two]);
  try {
    issuer.served.metadata = { issuer: issuer.issuer, jwks_uri: `${moved.issuer}/keys` };
    issuer.served.answer = (request, response) => {
      if (request.url === '/keys') response.writeHead(404).end();
      else answer(issuer.served, request, response);
    };
    now += 600_000;
    assert.equal(await kindOf('two'), 'unavailable');
    now += 5_000;
    assert.equal(await kindOf('two'), 'found');
  } finally {
    await moved.close();
  }
});

test('a set that does not read does not displace the one that does', async () => {
  await source.find('one');
  for (const body of ['{"keys":7}', '[]', 'null', '{']) {
    issuer.served.answer = (_request, response) => response.writeHead(200).end(body);
    now += 600_000;
    assert.equal(await kindOf('one'), 'found', body);
  }
});

test('a clock that is set back stops nothing', async () => {
  await source.find('one');
  now -= 24 * HOUR;
  issuer.served.keys = [one.jwk, two.jwk];
  assert.equal(await kindOf('two'), 'found');
  assert.equal(await kindOf('one'), 'found');
});

test('keys that are about to grow old are fetched anew by whoever uses them then, once, and nobody waits for it', async () => {
  await source.find('one');
  issuer.served.keys = [one.jwk, two.jwk];
  now += 480_000;
  let release: (() => void) | undefined;
  const asked = new Promise<void>((resolve) => {
    issuer.served.answer = (request, response) => {
      release = () => answer(issuer.served, request, response);
      resolve();
    };
  });
  for (let at = 0; at < 100; at++) assert.notEqual(source.peek('one'), undefined);
  await asked;
  assert.equal(await kindOf('one'), 'found');
  issuer.served.answer = undefined;
  release?.();
  assert.equal(await kindOf('two'), 'found');
  assert.equal(fetches(), 2);
  now += 470_000;
  assert.notEqual(source.peek('two'), undefined, 'the time counts from the second fetch');
});

test('a key that is barred is not found again, though the issuer publishes it', async () => {
  await source.find('one');
  source.bar('one');
  assert.equal(source.peek('one'), undefined);
  assert.equal(await kindOf('one'), 'unknown');
  now += 600_000;
  assert.equal(await kindOf('one'), 'unknown');
});

test('an issuer that has given up a key is asked at once for the one that follows it', async () => {
  assert.equal(await kindOf('one'), 'found');
  assert.equal(await kindOf('three'), 'unknown');
  issuer.served.keys = [two.jwk];
  source.expectNew();
  assert.equal(await kindOf('two'), 'found');
});
