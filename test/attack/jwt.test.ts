import assert from 'node:assert/strict';
import {
  createCipheriv,
  createHmac,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  pbkdf2Sync,
  publicEncrypt,
  randomBytes,
} from 'node:crypto';
import { before, describe, test } from 'node:test';
import { deflateRawSync } from 'node:zlib';
import { readKeySet } from '@hufu/resource/key-set';
import { decryptCompact } from '@hufu/server/jose/decrypt';
import { type Consumer, encode, forge, MASTER_KEY, ownConsumers, signInput } from './jwt-consumers.ts';
import { arena } from './oracles.ts';

describe('JWT: whoever takes a JWT', () => {
  const here = arena({ masterKey: MASTER_KEY });
  let consumers: readonly Consumer[] = [];
  const stranger = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const strangerRsa = generateKeyPairSync('rsa', { modulusLength: 2048 });

  before(async () => {
    consumers = await ownConsumers(here.hufu);
    assert.ok(consumers.length >= 4);
  });

  /** Nobody takes any of them; and a good one is still taken, so that it was not the weather. */
  async function assertRefused(make: (consumer: Consumer) => readonly (readonly [about: string, text: string])[]): Promise<void> {
    for (const consumer of consumers) {
      for (const [about, text] of make(consumer)) assert.equal(await consumer.accepts(text), false, `${consumer.name}: ${about}`);
      assert.equal(await consumer.accepts(forge(consumer)), true, `${consumer.name}: the good one`);
    }
  }

  function strangerFor({ header }: Consumer): { readonly privateKey: KeyObject; readonly publicKey: KeyObject } {
    return header.alg.startsWith('ES') ? stranger : strangerRsa;
  }

  test('JWT-01 · no algorithm, no signature: refused, however it is written (RFC 8725 §3.1, §3.2)', async () => {
    await assertRefused((consumer) => {
      const [head = '', payload = '', signature = ''] = forge(consumer).split('.');
      const none = ['none', 'None', 'nOnE', 'NONE', ''].flatMap((alg) => {
        const header = encode({ ...consumer.header, alg });
        return ['', signature, 'AA'].map((tail) => [`alg "${alg}" and "${tail.slice(0, 4)}"`, `${header}.${payload}.${tail}`] as const);
      });
      return [
        ...none,
        ['no signature', `${head}.${payload}.`],
        ['and no dot', `${head}.${payload}`],
        ['alg is missing', forge(consumer, { alg: undefined })],
        ['alg is a list', forge(consumer, { alg: [consumer.header.alg] })],
        ["somebody else's signature", forge(consumer, {}, consumer.claims, strangerFor(consumer).privateKey)],
        ['other claims under the signature', `${head}.${encode({ ...consumer.claims, sub: 'admin' })}.${signature}`],
      ];
    });
  });

  test('JWT-02 · a MAC that is keyed with our public key is worth nothing (RFC 8725 §2.1)', async () => {
    await assertRefused((consumer) => {
      const key = createPublicKey(consumer.key);
      const pem = String(key.export({ type: 'spki', format: 'pem' }));
      const secrets = [pem, pem.trimEnd(), key.export({ type: 'spki', format: 'der' }), JSON.stringify(key.export({ format: 'jwk' })), ''];
      return secrets.flatMap((secret, at) =>
        ['HS256', 'HS384', 'HS512'].map((alg) => {
          const input = `${encode({ ...consumer.header, alg })}.${encode(consumer.claims)}`;
          const mac = createHmac(alg.replace('HS', 'sha'), secret).update(input).digest('base64url');
          return [`${alg} with form ${at}`, `${input}.${mac}`] as const;
        }),
      );
    });
  });

  test('JWT-06 · a kid is compared and nothing else: no path, query, address or kind of value does anything (RFC 8725 §3.10)', async () => {
    const kids: readonly unknown[] = [
      '../../dev/null',
      '/proc/self/environ',
      "' OR '1'='1",
      `${here.outside}/keys`,
      '__proto__',
      'constructor',
      '',
      'k'.repeat(1_000_000),
      7,
      0,
      [],
      {},
      true,
      null,
      undefined,
    ];
    await assertRefused((consumer) => [
      ...[...kids, [consumer.header.kid], { kid: consumer.header.kid }, ` ${consumer.header.kid}`].map(
        (kid) => [`kid ${JSON.stringify(kid)?.slice(0, 40)}`, forge(consumer, { kid })] as const,
      ),
      ['kid of the other key', forge(consumer, { kid: consumers.find(({ header }) => header.kid !== consumer.header.kid)?.header.kid })],
    ]);
  });

  test('JWT-08 · nobody looks where a header points to (RFC 8725 §3.10)', async () => {
    await assertRefused((consumer) => {
      const { privateKey } = strangerFor(consumer);
      return ['jku', 'x5u', 'url', 'iss', 'jwks_uri'].flatMap((name) =>
        [consumer.header.kid, 'mine', undefined].map(
          (kid) =>
            [`${name} with the kid ${kid}`, forge(consumer, { [name]: `${here.outside}/keys`, kid }, consumer.claims, privateKey)] as const,
        ),
      );
    });
  });

  test('JWT-09 · a key that a JWT brings along vouches for nothing (RFC 8725 §3.10, RFC 7515 §4.1.3)', async () => {
    await assertRefused((consumer) => {
      const { privateKey, publicKey } = strangerFor(consumer);
      const jwk = publicKey.export({ format: 'jwk' });
      const x5c = [publicKey.export({ type: 'spki', format: 'der' }).toString('base64')];
      return [{ jwk }, { jwk: { ...jwk, kid: consumer.header.kid } }, { x5c }, { jwk, x5c }].flatMap((change) =>
        [consumer.header.kid, 'mine', undefined].map(
          (kid) =>
            [
              `${Object.keys(change).join()} with the kid ${kid}`,
              forge(consumer, { ...change, kid }, consumer.claims, privateKey),
            ] as const,
        ),
      );
    });
  });

  test('JWT-10 · an extension that must be understood is not (RFC 7515 §4.1.11)', async () => {
    const changes: readonly object[] = [
      { crit: ['exp'], exp: 1 },
      { crit: ['http://example.invalid/UNDEFINED'], 'http://example.invalid/UNDEFINED': true },
      { crit: [] },
      { crit: ['alg'] },
      { crit: ['kid', 'typ'] },
      { crit: 'exp' },
      { crit: null },
      { crit: {} },
      { b64: false },
      { b64: false, crit: ['b64'] },
      { b64: true, crit: ['b64'] },
    ];
    await assertRefused((consumer) => changes.map((change) => [JSON.stringify(change), forge(consumer, change)]));
  });

  test('JWT-11 · JSON where the compact form is due is refused, whatever it carries (RFC 7515 §7.2)', async () => {
    await assertRefused((consumer) => {
      const [protected_ = '', payload = '', signature = ''] = forge(consumer).split('.');
      const forged = encode({ ...consumer.claims, sub: 'admin' });
      const one = { protected: protected_, signature };
      const texts: readonly unknown[] = [
        { payload, ...one },
        { payload, ...one, header: { kid: 'x' } },
        { payload, signatures: [one] },
        { payload, signatures: [one, { protected: encode({ alg: 'none' }), signature: '' }] },
        { payload: forged, signatures: [one] },
        { [`${protected_}.${payload}.${signature}`]: 0 },
        [`${protected_}.${payload}.${signature}`],
        { protected: `${protected_}.${payload}.${signature}`, payload: forged, signature: '' },
      ];
      return texts.map((text, at) => [`form ${at}`, JSON.stringify(text)] as const);
    });
  });

  test('JWT-13 · what would cost us work is refused before any: passwords, compression, RSA1_5 (RFC 8725 §3.1)', async () => {
    const { keys } = here.hufu.context;
    const now = Math.floor(here.hufu.context.clock.nowMs() / 1000);
    const pairs = keys.decryptionKeys(now);
    const pair = pairs.find(({ key }) => key.asymmetricKeyType === 'rsa');
    assert.ok(pair);
    const secret = 'a password that is long enough to be a secret';
    const open = (text: string): Promise<unknown> => decryptCompact(text, { pairs, secrets: [secret] });
    const plain = JSON.stringify(consumers[0]?.claims);
    const wrapped = oaep(createPublicKey(pair.key));
    const good = seal({ alg: 'RSA-OAEP-256', enc: 'A128GCM', kid: pair.kid }, wrapped, Buffer.from(plain));
    assert.ok(await open(good), 'what the others would be but for one thing');

    const salt = randomBytes(16);
    const password = (iterations: number): string => {
      const prefix = Buffer.concat([Buffer.from('PBES2-HS256+A128KW'), Buffer.of(0), salt]);
      const kek = pbkdf2Sync(secret, prefix, Math.min(iterations, 1_000), 16, 'sha256');
      const cek = randomBytes(16);
      const header = { alg: 'PBES2-HS256+A128KW', enc: 'A128GCM', p2s: encode(salt), p2c: iterations };
      return seal(header, { cek, bytes: wrapKey(kek, cek) }, Buffer.from(plain));
    };
    const bomb = deflateRawSync(Buffer.alloc(30_000_000));
    const bombs: readonly (readonly [string, string])[] = [
      ['a password that is the right one', password(1_000)],
      ['a password with 2^31 rounds', password(2 ** 31)],
      ['compressed', seal({ alg: 'RSA-OAEP-256', enc: 'A128GCM', zip: 'DEF', kid: pair.kid }, wrapped, deflateRawSync(plain))],
      ['30 MB in 30 KB', seal({ alg: 'RSA-OAEP-256', enc: 'A128GCM', zip: 'DEF', kid: pair.kid }, wrapped, bomb)],
      ['RSA1_5', seal({ alg: 'RSA1_5', enc: 'A128GCM', kid: pair.kid }, rsa15(createPublicKey(pair.key)), Buffer.from(plain))],
      ['a megabyte', `${good}${'A'.repeat(1_000_000)}`],
    ];
    for (const [about, text] of bombs) assert.equal(await open(text), undefined, about);
    assert.ok(await open(good));
    await assertRefused(() => [['what opens, where nothing is decrypted', good], ...bombs]);
  });

  test('JWT-22 · base64url that is not the one spelling, and parts too many or empty, are refused (RFC 7515 §2, §5.2)', async () => {
    await assertRefused((consumer) => {
      const good = forge(consumer);
      const [head = '', payload = '', signature = ''] = good.split('.');
      const base64 = (part: string): string => part.replaceAll('-', '+').replaceAll('_', '/');
      const unused = 'AQgw'.includes(signature.at(-1) ?? '')
        ? String.fromCharCode((signature.codePointAt(signature.length - 1) ?? 0) + 1)
        : '';
      const signed = (input: string): string => signInput(input, consumer.header.alg, consumer.key);
      const odd = encode({ ...consumer.header, x: '???>>>~~~' });
      return [
        ['padding', `${good}=`],
        ['two of it', `${good}==`],
        ['padding in the header, signed so', signed(`${head}=.${payload}`)],
        ['a space', `${head}.${payload} .${signature}`],
        ['a line end, signed so', signed(`${head}.${payload.slice(0, 9)}\n${payload.slice(9)}`)],
        ['a tab', `${head}\t.${payload}.${signature}`],
        ['the other alphabet, signed so', signed(`${base64(odd)}.${payload}`)],
        ['an exclamation mark, signed so', signed(`${head}!.${payload}`)],
        ...(unused === '' ? [] : [['bits that stand for nothing', `${head}.${payload}.${signature.slice(0, -1)}${unused}`] as const]),
        ['an empty part in front', `.${good}`],
        ['one behind', `${good}.`],
        ['a fourth part', `${good}.AAAA`],
        ['an empty header', signed(`.${payload}`)],
        ['an empty payload', signed(`${head}.`)],
        ['only dots', '..'],
        ['nothing', '.'],
      ];
    });
  });

  test('JWT-23 · a payload or header that is no object is refused, and breaks nothing (RFC 7519 §7.2)', async () => {
    const values: readonly string[] = ['[]', '[{}]', '"text"', '7', 'null', 'true', '', '{', '{"a":1}x', '{}{}', "{'a':1}"];
    await assertRefused((consumer) => [
      ...values.map((value) => [`the payload ${value}`, forge(consumer, {}, value)] as const),
      ...values.map(
        (value) =>
          [`the header ${value}`, signInput(`${encode(value)}.${encode(consumer.claims)}`, consumer.header.alg, consumer.key)] as const,
      ),
      ['a list of the claims', forge(consumer, {}, [consumer.claims])],
      ['no claims', forge(consumer, {}, {})],
    ]);
  });

  test('JWT-24 · JSON in another encoding than UTF-8 is refused (RFC 8725 §3.7)', async () => {
    await assertRefused((consumer) => {
      const spellings = (value: object): readonly (readonly [string, Uint8Array])[] => {
        const json = JSON.stringify(value);
        const open = Buffer.from(json.slice(0, -1));
        return [
          ['UTF-16LE', Buffer.from(json, 'utf16le')],
          ['UTF-16BE', Buffer.from(json, 'utf16le').swap16()],
          ['a mark in front', Buffer.from(`\ufeff${json}`)],
          ['an overlong slash', Buffer.concat([open, Buffer.from(',"x":"'), Buffer.of(0xc0, 0xaf), Buffer.from('"}')])],
          ['half a pair', Buffer.concat([open, Buffer.from(',"x":"'), Buffer.of(0xed, 0xa0, 0x80), Buffer.from('"}')])],
          ['Latin-1', Buffer.concat([open, Buffer.from(',"x":"'), Buffer.of(0xe9), Buffer.from('"}')])],
        ];
      };
      const signed = (head: string, payload: string): string => signInput(`${head}.${payload}`, consumer.header.alg, consumer.key);
      return [
        ...spellings(consumer.header).map(
          ([about, bytes]) => [`header, ${about}`, signed(encode(bytes), encode(consumer.claims))] as const,
        ),
        ...spellings(consumer.claims).map(
          ([about, bytes]) => [`payload, ${about}`, signed(encode(consumer.header), encode(bytes))] as const,
        ),
      ];
    });
  });

  test('JWT-25 · a megabyte, ten thousand levels and ten thousand claims are refused, and nobody falls over', async () => {
    await assertRefused((consumer) => {
      const deep = `${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`;
      const lists = `${'['.repeat(10_000)}${']'.repeat(10_000)}`;
      const many = Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`claim${i}`, i]));
      return [
        ['a megabyte of claims', forge(consumer, {}, { ...consumer.claims, x: 'x'.repeat(1_000_000) })],
        ['a megabyte of header', forge(consumer, { x: 'x'.repeat(1_000_000) })],
        ['a megabyte of signature', `${forge(consumer)}${'A'.repeat(1_000_000)}`],
        ['a megabyte of dots', '.'.repeat(1_000_000)],
        ['a deep header', signInput(`${encode(deep)}.${encode(consumer.claims)}`, consumer.header.alg, consumer.key)],
        ['deep claims', forge(consumer, {}, `${JSON.stringify(consumer.claims).slice(0, -1)},"x":${lists}}`)],
        ['many claims', forge(consumer, {}, { ...consumer.claims, ...many })],
      ];
    });
  });

  test('JWT-18 · an ID token, an access token and a logout token do not pass for each other (RFC 8725 §3.11, §3.12, RFC 9068 §4)', async () => {
    const kinds = new Map(consumers.map((consumer) => [consumer.header['typ'], consumer]));
    assert.deepEqual([...kinds.keys()].toSorted(), ['JWT', 'at+jwt']);
    await assertRefused((consumer) => [
      ...[...kinds.values()]
        .filter(({ header }) => header['typ'] !== consumer.header['typ'])
        .map((other) => [other.name, forge(other)] as const),
      ...['logout+jwt', 'dpop+jwt', 'jwt', '', 7, null, undefined, 'oauth-authz-req+jwt', 'token-introspection+jwt', 'secevent+jwt']
        .filter((typ) => typ !== consumer.header['typ'])
        .map((typ) => [`typ ${typ}`, forge(consumer, { typ })] as const),
    ]);
  });

  test('JWT-19 · an issuer that is nearly ours is another one (RFC 8725 §3.8)', async () => {
    const { issuer } = here;
    const near: readonly unknown[] = [
      `${issuer}/`,
      issuer.toUpperCase(),
      issuer.replace('http:', 'https:'),
      `${issuer}/other-tenant`,
      ` ${issuer}`,
      [issuer],
      '',
      null,
      undefined,
    ];
    await assertRefused((consumer) =>
      near.map((iss) => [`iss ${JSON.stringify(iss)}`, forge(consumer, {}, { ...consumer.claims, iss })] as const),
    );
  });

  test('JWT-26 · our keys are public, each with a name of its own, and cached for half the time that a new one waits (RFC 7517 §4)', async () => {
    const reply = await fetch(`${here.issuer}/oauth/jwks`);
    const { keys }: { readonly keys: readonly Readonly<Record<string, unknown>>[] } = Object(await reply.json());
    assert.ok(keys.length >= 4);
    const secret = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv'];
    for (const key of keys) {
      assert.deepEqual(
        Object.keys(key).filter((name) => secret.includes(name)),
        [],
      );
      assert.ok(key['use'] === 'enc' ? key['alg'] === undefined : key['use'] === 'sig' && typeof key['alg'] === 'string');
    }
    assert.equal(new Set(keys.map(({ kid }) => kid)).size, keys.length);
    const [, seconds] = /max-age=(\d+)/.exec(reply.headers.get('cache-control') ?? '') ?? [];
    assert.ok(Number(seconds) > 0 && Number(seconds) <= 300, reply.headers.get('cache-control') ?? '');
  });

  test('JWT-28 · of two keys of one name neither is tried, in any order (RFC 7517 §4.5)', () => {
    const jwk = (key: KeyObject, kid: string): object => ({ ...createPublicKey(key).export({ format: 'jwk' }), kid });
    const [own] = consumers;
    assert.ok(own);
    const good = jwk(own.key, own.header.kid);
    const bad = jwk(stranger.privateKey, own.header.kid);
    const other = jwk(strangerRsa.privateKey, 'other');
    for (const keys of [
      [good, bad, other],
      [bad, good, other],
      [other, bad, other, good],
      [good, good, bad, jwk(strangerRsa.privateKey, 'third')],
    ])
      assert.equal(readKeySet({ keys }, new Map())?.has(own.header.kid), false);
    assert.equal(readKeySet({ keys: [good, other] }, new Map())?.has(own.header.kid), true);
  });
});

interface Wrapped {
  readonly cek: Uint8Array;
  readonly bytes: Uint8Array;
}

function oaep(key: KeyObject): Wrapped {
  const cek = randomBytes(16);
  return { cek, bytes: publicEncrypt({ key, oaepHash: 'sha256' }, cek) };
}

function rsa15(key: KeyObject): Wrapped {
  const cek = randomBytes(16);
  return { cek, bytes: publicEncrypt({ key, padding: 1 }, cek) };
}

/** RFC 3394 §2.2.1, as Node has it. */
function wrapKey(kek: Uint8Array, cek: Uint8Array): Uint8Array {
  const cipher = createCipheriv('id-aes128-wrap', kek, Buffer.alloc(8, 0xa6));
  return Buffer.concat([cipher.update(cek), cipher.final()]);
}

/** A JWE by hand (RFC 7516 §5.1), with A128GCM. */
function seal(header: object, { cek, bytes }: Wrapped, plaintext: Uint8Array): string {
  const head = encode(header);
  const iv = randomBytes(12);
  const cipher = createCipheriv('aes-128-gcm', cek, iv).setAAD(Buffer.from(head));
  const content = Buffer.concat([cipher.update(plaintext), cipher.final()]);
  return [head, ...[bytes, iv, content, cipher.getAuthTag()].map(encode)].join('.');
}
