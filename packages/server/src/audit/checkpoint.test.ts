import assert from 'node:assert/strict';
import { createHmac, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { test } from 'node:test';
import type { AuditCheckpoint } from '@hufu/store/port';
import { thumbprint } from '../keys/signer.ts';
import { checkpointText, faultOf, type Trust } from './checkpoint.ts';

const mac = (text: string): string => createHmac('sha256', 'key').update(text).digest('base64url');
const keyOf = ({ publicKey, privateKey }: { publicKey: KeyObject; privateKey: KeyObject }): { jwk: string; privateKey: KeyObject } => ({
  jwk: JSON.stringify(publicKey.export({ format: 'jwk' })),
  privateKey,
});
const OURS = keyOf(generateKeyPairSync('ec', { namedCurve: 'P-256' }));
const OTHER = keyOf(generateKeyPairSync('ec', { namedCurve: 'P-256' }));
const TRUST: Trust = { thumbprints: new Set([thumbprint(OURS.jwk)]), mac, issuer: 'https://id.example', tenant: 7 };
const CLAIMS = { iss: 'https://id.example', tenant: 7, seq: 12, hash: 'h'.repeat(43), at_ms: 1000, previous: 6 };

interface Made {
  readonly claims?: Partial<typeof CLAIMS> & { readonly mac?: string };
  readonly header?: Readonly<Record<string, unknown>>;
  readonly key?: typeof OURS;
  readonly row?: Partial<AuditCheckpoint>;
}

/** A checkpoint as a server makes it, but for what is given. */
function made({ claims = {}, header = {}, key = OURS, row = {} }: Made = {}): AuditCheckpoint {
  const said = { ...CLAIMS, ...claims };
  const told = { mac: mac(checkpointText(said)), ...said };
  const parts = [{ alg: 'ES256', typ: 'audit-checkpoint+jwt', kid: thumbprint(key.jwk), ...header }, told];
  const input = parts.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  const signature = sign('sha256', Buffer.from(input), { key: key.privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url');
  return { seq: said.seq, hash: said.hash, atMs: said.at_ms, jws: `${input}.${signature}`, jwk: key.jwk, ...row };
}

test('a checkpoint as a server makes it has no fault', () => {
  assert.equal(faultOf(made(), TRUST), undefined);
  assert.equal(faultOf(made(), { thumbprints: undefined, mac: undefined, issuer: undefined, tenant: 7 }), undefined);
});

test('a checkpoint of something else, for something else or by somebody else is none (attacks ADM-12)', () => {
  const cases: readonly (readonly [what: string, point: AuditCheckpoint, fault: RegExp])[] = [
    ['another kind of JWT', made({ header: { typ: 'at+jwt' } }), /no checkpoint/],
    ['no algorithm', made({ header: { alg: 'none' } }), /no checkpoint/],
    ['another algorithm', made({ header: { alg: 'EdDSA' } }), /signature is wrong/],
    ['a part more', { ...made(), jws: `${made().jws}.x` }, /no checkpoint/],
    ['the name of another key', made({ header: { kid: thumbprint(OTHER.jwk) } }), /names another key/],
    ['another key beside it', made({ row: { jwk: OTHER.jwk } }), /signature is wrong/],
    ['no key beside it', made({ row: { jwk: '{}' } }), /does not read/],
    ['another number', made({ row: { seq: 13 } }), /something else/],
    ['another hash', made({ row: { hash: 'i'.repeat(43) } }), /something else/],
    ['another time', made({ row: { atMs: 1001 } }), /something else/],
    ['another tenant', made({ claims: { tenant: 8 } }), /something else/],
    ['another issuer', made({ claims: { iss: 'https://other.example' } }), /it is of https:\/\/other\.example/],
    ['no master key', made({ claims: { mac: 'x'.repeat(43) } }), /no server of this master key/],
    ['a key of somebody', made({ key: OTHER }), /none of those that are trusted/],
  ];
  for (const [what, point, fault] of cases) assert.match(faultOf(point, TRUST) ?? '', fault, what);
});

test('under the master key is all that a checkpoint says', () => {
  for (const change of [{ iss: 'x' }, { tenant: 8 }, { seq: 13 }, { hash: 'x' }, { at_ms: 1 }, { previous: 7 }])
    assert.notEqual(checkpointText({ ...CLAIMS, ...change }), checkpointText(CLAIMS), Object.keys(change).join());
});
