import assert from 'node:assert/strict';
import { createPublicKey } from 'node:crypto';
import { asText, type Json } from './json.ts';
import { readKeys } from './jwt.ts';

/** RFC 7518 §6.2.2, §6.3.2, §6.4 and RFC 8037 §2. */
const PRIVATE_MEMBERS: readonly string[] = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv'];
const CURVES: readonly string[] = ['P-256', 'P-384', 'P-521', 'Ed25519', 'X25519'];

/** What the conformance suite warns of where it does not hold. */
export type Should = (holds: boolean, text: string) => void;

/** The server's key set: public keys alone, each whole, each with a name of its own (RFC 7517 §1.1, §4.5, OpenID Connect Core §10.1). */
export function checkServerKeys(jwks: Json, should: Should): void {
  const keys = readKeys(jwks);
  assert.ok(keys.length > 0, 'the key set is empty');
  const kids = keys.map((key) => asText(key['kid'], 'kid of a key'));
  assert.equal(new Set(kids).size, kids.length, `two keys have the same kid: ${kids.join(', ')}`);
  for (const [index, key] of keys.entries()) {
    const name = kids[index];
    for (const member of PRIVATE_MEMBERS) assert.ok(!(member in key), `the key ${name} shows its ${member}`);
    should(
      isUsable(key),
      `the key ${name} is of a kind that relying parties cannot read (${String(key['kty'])} ${String(key['crv'] ?? '')})`,
    );
    if (isUsable(key)) assert.doesNotThrow(() => createPublicKey({ key: { ...key }, format: 'jwk' }), `the key ${name} is no key`);
  }
}

/** Keys that sign, told by what makes them the key they are. */
export function signingKeys(jwks: Json): ReadonlyMap<string, string> {
  const signing = readKeys(jwks).filter((key) => key['use'] === undefined || key['use'] === 'sig');
  return new Map(signing.map((key) => [asText(key['kid'], 'kid'), asText(key['n'] ?? key['x'], 'n or x of a key')]));
}

function isUsable(key: Json): boolean {
  return key['kty'] === 'RSA' || ((key['kty'] === 'EC' || key['kty'] === 'OKP') && CURVES.includes(String(key['crv'])));
}
