import {
  constants,
  createHash,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  privateEncrypt,
  publicEncrypt,
  randomBytes,
  sign,
} from 'node:crypto';
import { encryptCompact } from '@hufu/server/jose/encrypt';
import type { Jwk, Vector, VectorGroup } from './jwt-vectors.ts';

/** Vectors of each class that JOSE libraries have failed on, made anew at each run. */
export async function handmadeGroups(): Promise<readonly VectorGroup[]> {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
  const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  return [
    rsaPadding(rsa),
    pssForms(rsa),
    ecdsaValues(ec),
    ecdsaKinds(),
    forms(ec),
    keys(rsa, ec),
    await rsaEncryption(rsa),
    await ecEncryption(ec),
  ];
}

type Made = readonly [comment: string, result: 'valid' | 'invalid', text: string];

const encode = (value: string | Uint8Array | object): string =>
  (typeof value === 'string' || value instanceof Uint8Array ? Buffer.from(value) : Buffer.from(JSON.stringify(value))).toString(
    'base64url',
  );

function jwk(key: KeyObject, more: object = {}): Jwk {
  return { ...createPublicKey(key).export({ format: 'jwk' }), kid: 'key', use: 'sig', ...more };
}

function signatures(comment: string, key: Jwk | { readonly keys: readonly Jwk[] }, made: readonly Made[]): VectorGroup {
  return {
    comment,
    public: key,
    tests: made.map(([about, result, jws], at): Vector => ({ tcId: at + 1, comment: about, result, flags: [], jws })),
  };
}

/** What stands under the signature is put together by hand: each departure from RFC 8017 §9.2 has been taken by somebody. */
function rsaPadding(key: KeyObject): VectorGroup {
  const input = `${encode({ alg: 'RS256', kid: 'key' })}.${encode('foo')}`;
  const digest = createHash('sha256').update(input).digest();
  const info = Buffer.from('3031300d060960864801650304020105000420', 'hex');
  const bare = Buffer.from('302f300b0609608648016503040201', 'hex');
  const sha1 = Buffer.from('3021300906052b0e03021a05000414', 'hex');
  const block = (type: number, tail: Buffer, fill = 0xff, after: Buffer = Buffer.alloc(0)): Buffer => {
    const padding = Buffer.alloc(256 - 3 - tail.length - after.length, fill);
    return Buffer.concat([Buffer.of(0, type), padding, Buffer.of(0), tail, after]);
  };
  const good = Buffer.concat([info, digest]);
  const text = (message: Buffer): string => `${input}.${encode(privateEncrypt({ key, padding: constants.RSA_NO_PADDING }, message))}`;
  const short = Buffer.concat([Buffer.of(0, 1), Buffer.alloc(8, 0xff), Buffer.of(0), good]);
  return signatures('PKCS #1 v1.5', jwk(key, { alg: 'RS256' }), [
    ['as it is due', 'valid', text(block(1, good))],
    ['block type 0', 'invalid', text(block(0, good, 0))],
    ['block type 2', 'invalid', text(block(2, good))],
    ['padding that is not ff', 'invalid', text(block(1, good, 0xfe))],
    ['short padding and garbage behind the hash', 'invalid', text(Buffer.concat([short, Buffer.alloc(256 - short.length, 7)]))],
    ['garbage behind the hash', 'invalid', text(block(1, good, 0xff, Buffer.alloc(16, 7)))],
    ['no algorithm', 'invalid', text(block(1, digest))],
    ['another algorithm', 'invalid', text(block(1, Buffer.concat([sha1, digest.subarray(0, 20)])))],
    ['no NULL in the algorithm', 'invalid', text(block(1, Buffer.concat([bare, Buffer.from('0420', 'hex'), digest])))],
    ['a hash that is cut', 'invalid', text(block(1, Buffer.concat([info, digest.subarray(0, 31)])))],
    ['another hash', 'invalid', text(block(1, Buffer.concat([info, createHash('sha256').update('x').digest()])))],
    ['no signature at all', 'invalid', `${input}.`],
    ['zeros', 'invalid', `${input}.${encode(Buffer.alloc(256))}`],
    ['one', 'invalid', `${input}.${encode(Buffer.concat([Buffer.alloc(255), Buffer.of(1)]))}`],
    ['PSS under the name of RS256', 'invalid', `${input}.${encode(sign('sha256', Buffer.from(input), { key, ...PSS, saltLength: 32 }))}`],
  ]);
}

const PSS = { padding: constants.RSA_PKCS1_PSS_PADDING };

function pssForms(key: KeyObject): VectorGroup {
  const input = `${encode({ alg: 'PS256', kid: 'key' })}.${encode('foo')}`;
  const of = (hash: string, options: object): string => `${input}.${encode(sign(hash, Buffer.from(input), { key, ...options }))}`;
  return signatures('PSS', jwk(key, { alg: 'PS256' }), [
    ['as it is due', 'valid', of('sha256', { ...PSS, saltLength: 32 })],
    ['no salt', 'invalid', of('sha256', { ...PSS, saltLength: 0 })],
    ['a short salt', 'invalid', of('sha256', { ...PSS, saltLength: 20 })],
    ['a long salt', 'invalid', of('sha256', { ...PSS, saltLength: 64 })],
    ['another hash', 'invalid', of('sha384', { ...PSS, saltLength: 48 })],
    ['PKCS #1 v1.5 under the name of PS256', 'invalid', of('sha256', {})],
  ]);
}

const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

function ecdsaValues(key: KeyObject): VectorGroup {
  const input = `${encode({ alg: 'ES256', kid: 'key' })}.${encode('foo')}`;
  const good = sign('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' });
  const der = sign('sha256', Buffer.from(input), { key, dsaEncoding: 'der' });
  const [r, s] = [good.subarray(0, 32), good.subarray(32)];
  const bytes = (value: bigint): Buffer => Buffer.from(value.toString(16).padStart(64, '0'), 'hex');
  const number = (part: Buffer): bigint => BigInt(`0x${part.toString('hex')}`);
  const pair = (...parts: readonly Buffer[]): string => `${input}.${encode(Buffer.concat(parts))}`;
  const zero = bytes(0n);
  return signatures('ECDSA', jwk(key, { alg: 'ES256' }), [
    ['as it is due', 'valid', pair(r, s)],
    // The other root: ECDSA has two signatures for each, and nothing here takes a signature for a name.
    ['s negated', 'valid', pair(r, bytes(ORDER - number(s)))],
    ['DER', 'invalid', pair(der)],
    ['r = 0', 'invalid', pair(zero, s)],
    ['s = 0', 'invalid', pair(r, zero)],
    ['both 0', 'invalid', pair(zero, zero)],
    ['both 1', 'invalid', pair(bytes(1n), bytes(1n))],
    ['r = n', 'invalid', pair(bytes(ORDER), s)],
    ['s = n', 'invalid', pair(r, bytes(ORDER))],
    ['both n', 'invalid', pair(bytes(ORDER), bytes(ORDER))],
    ['n - 1', 'invalid', pair(bytes(ORDER - 1n), bytes(ORDER - 1n))],
    ['all ones', 'invalid', pair(Buffer.alloc(64, 0xff))],
    ['leading zeros', 'invalid', pair(Buffer.of(0), r, Buffer.of(0), s)],
    ['zeros behind', 'invalid', pair(r, s, Buffer.of(0, 0))],
    ['one byte less', 'invalid', pair(r, s.subarray(0, 31))],
    ['r alone', 'invalid', pair(r)],
    ['r and s exchanged', 'invalid', pair(s, r)],
  ]);
}

/** A curve under the name of another one. */
function ecdsaKinds(): VectorGroup {
  const key = generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey;
  const of = (alg: string, hash: string): string => {
    const input = `${encode({ alg, kid: 'key' })}.${encode('foo')}`;
    return `${input}.${encode(sign(hash, Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' }))}`;
  };
  return signatures('curves', jwk(key), [
    ['P-384 with SHA-384', 'valid', of('ES384', 'sha384')],
    ['P-384 under the name of ES256', 'invalid', of('ES256', 'sha256')],
    ['P-384 under the name of ES512', 'invalid', of('ES512', 'sha512')],
    ['P-384 with SHA-256', 'invalid', of('ES384', 'sha256')],
  ]);
}

function forms(key: KeyObject): VectorGroup {
  const head = { alg: 'ES256', kid: 'key' };
  const signed = (input: string): string => encode(sign('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' }));
  const of = (header: string): string => `${header}.${encode('foo')}.${signed(`${header}.${encode('foo')}`)}`;
  const good = of(encode(head));
  const [h = '', p = '', s = ''] = good.split('.');
  const general = {
    payload: p,
    signatures: [
      { protected: h, signature: s },
      { protected: h, signature: s },
    ],
  };
  return signatures('forms', jwk(key, { alg: 'ES256' }), [
    ['as it is due', 'valid', good],
    ...['none', 'None', 'nOnE', 'NONE', '', 'ES256 ', 'es256', 'HS256'].map(
      (alg): Made => [`alg ${alg}`, 'invalid', of(encode({ ...head, alg }))],
    ),
    ['alg none without a signature', 'invalid', `${encode({ alg: 'none' })}.${p}.`],
    ['the signature is gone', 'invalid', `${h}.${p}.`],
    ['and its dot', 'invalid', `${h}.${p}`],
    ['an empty part in front', 'invalid', `.${good}`],
    ['an empty part behind', 'invalid', `${good}.`],
    ['padding', 'invalid', `${h}.${p}.${s}==`],
    ['a space', 'invalid', `${h}.${p}.${s} `],
    ['a line end in the header', 'invalid', of(`${h.slice(0, 8)}\n${h.slice(8)}`)],
    ['base64 of the other alphabet', 'invalid', of(Buffer.from(JSON.stringify({ ...head, x: '???>>>' })).toString('base64'))],
    ['bits that stand for nothing', 'invalid', `${h}.${p}.${s.slice(0, -1)}${String.fromCharCode(s.charCodeAt(85) + 1)}`],
    ['crit that is unknown', 'invalid', of(encode({ ...head, crit: ['exp'], exp: 1 }))],
    ['crit that is empty', 'invalid', of(encode({ ...head, crit: [] }))],
    ['crit of a header that everybody knows', 'invalid', of(encode({ ...head, crit: ['alg'] }))],
    ['an unencoded payload', 'invalid', of(encode({ ...head, b64: false, crit: ['b64'] }))],
    ['a header that is a list', 'invalid', of(encode([head]))],
    ['a header with a mark of its encoding', 'invalid', of(encode(`\ufeff${JSON.stringify(head)}`))],
    ['a header in UTF-16', 'invalid', of(encode(Buffer.from(JSON.stringify(head), 'utf16le')))],
    [
      'an overlong slash in the header',
      'invalid',
      of(encode(Buffer.concat([Buffer.from('{"alg":"ES256","kid":"key","x":"'), Buffer.of(0xc0, 0xaf), Buffer.from('"}')]))),
    ],
    ['flattened JSON', 'invalid', JSON.stringify({ protected: h, payload: p, signature: s })],
    ['general JSON', 'invalid', JSON.stringify(general)],
  ]);
}

function keys(rsa: KeyObject, ec: KeyObject): VectorGroup {
  const input = `${encode({ alg: 'RS256', kid: 'key' })}.${encode('foo')}`;
  const text = `${input}.${encode(sign('sha256', Buffer.from(input), rsa))}`;
  const set = [jwk(rsa, { alg: 'RS256' }), jwk(ec, { alg: 'ES256' })];
  return signatures('two keys of one name', { keys: set }, [['neither is chosen', 'invalid', text]]);
}

async function rsaEncryption(key: KeyObject): Promise<VectorGroup> {
  const publicKey = createPublicKey(key);
  const good = await encryptCompact({ alg: 'RSA-OAEP-256', enc: 'A128GCM', key: publicKey }, 'foo', undefined);
  const [, , iv = '', content = '', tag = ''] = good.split('.');
  const with_ = (alg: string, wrapped: Uint8Array, more: object = {}): string =>
    [encode({ alg, enc: 'A128GCM', ...more }), encode(wrapped), iv, content, tag].join('.');
  const cek = randomBytes(16);
  const v15 = publicEncrypt({ key: publicKey, padding: constants.RSA_PKCS1_PADDING }, cek);
  const raw = publicEncrypt(
    { key: publicKey, padding: constants.RSA_NO_PADDING },
    Buffer.concat([Buffer.of(0, 2), Buffer.alloc(237, 7), Buffer.of(0), cek]),
  );
  return encryptions('RSA', { ...key.export({ format: 'jwk' }) }, [
    ['as it is due', 'valid', good],
    ['RSA1_5', 'invalid', with_('RSA1_5', v15)],
    ['PKCS #1 v1.5 under the name of OAEP', 'invalid', with_('RSA-OAEP-256', v15)],
    ['the same by hand', 'invalid', with_('RSA-OAEP', raw)],
    [
      'OAEP with SHA-1 under the name of SHA-256',
      'invalid',
      with_('RSA-OAEP-256', publicEncrypt({ key: publicKey, oaepHash: 'sha1' }, cek)),
    ],
    ['a key that is too long', 'invalid', with_('RSA-OAEP-256', publicEncrypt({ key: publicKey, oaepHash: 'sha256' }, randomBytes(32)))],
    ['an empty key', 'invalid', with_('RSA-OAEP-256', new Uint8Array(0))],
    ['the modulus and more', 'invalid', with_('RSA-OAEP-256', Buffer.alloc(256, 0xff))],
    ['compressed', 'invalid', with_('RSA-OAEP-256', v15, { zip: 'DEF' })],
    ['a password', 'invalid', with_('PBES2-HS256+A128KW', v15, { p2c: 2 ** 31, p2s: encode(randomBytes(16)) })],
    ['a tag that is cut', 'invalid', good.slice(0, -2)],
  ]);
}

async function ecEncryption(key: KeyObject): Promise<VectorGroup> {
  const good = await encryptCompact({ alg: 'ECDH-ES', enc: 'A128GCM', key: createPublicKey(key) }, 'foo', undefined);
  const [head = '', ...rest] = good.split('.');
  const header: Readonly<Record<string, unknown>> = Object(JSON.parse(Buffer.from(head, 'base64url').toString()));
  const epk: Readonly<Record<string, unknown>> = Object(header['epk']);
  const with_ = (change: object): string => [encode({ ...header, epk: { ...epk, ...change } }), ...rest].join('.');
  return encryptions('ECDH', { ...key.export({ format: 'jwk' }) }, [
    ['as it is due', 'valid', good],
    ['an ephemeral point off the curve', 'invalid', with_({ y: epk['x'] })],
    ['the point 0, 0', 'invalid', with_({ x: 'A'.repeat(43), y: 'A'.repeat(43) })],
    ['another curve', 'invalid', with_({ ...generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey.export({ format: 'jwk' }) })],
    ['no point', 'invalid', with_({ x: undefined, y: undefined })],
    ['a wrapped key where none is due', 'invalid', [head, encode(randomBytes(24)), ...rest.slice(1)].join('.')],
  ]);
}

function encryptions(comment: string, key: Jwk, made: readonly Made[]): VectorGroup {
  const test = ([about, result, jwe]: Made, at: number): Vector => ({
    tcId: at + 1,
    comment: about,
    result,
    flags: [],
    jwe,
    pt: Buffer.from('foo').toString('hex'),
  });
  return { comment, private: key, tests: made.map(test) };
}
