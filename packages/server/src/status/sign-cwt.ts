import { CBORTag, type CBORType, encodeCBOR } from '@levischuck/tiny-cbor';
import type { Signer } from '../keys/signer.ts';
import type { ListClaims } from './sign-list.ts';

/** COSE's numbers for what JOSE calls by name (RFC 9053 §2.1, RFC 8812 §2, RFC 9864 §2.2, and IANA's registry for the others). */
const COSE_ALGS: ReadonlyMap<string, number> = new Map([
  ['ES256', -7],
  ['EdDSA', -8],
  ['Ed25519', -19],
  ['ES384', -35],
  ['ES512', -36],
  ['PS256', -37],
  ['PS384', -38],
  ['PS512', -39],
  ['ML-DSA-44', -48],
  ['ML-DSA-65', -49],
  ['ML-DSA-87', -50],
  ['RS256', -257],
  ['RS384', -258],
  ['RS512', -259],
]);

/** COSE header parameters (RFC 9052 §3.1; `typ`: RFC 9596 §2) and CWT claims (RFC 8392 §3.1, Token Status List §5.2). */
const HEADER = { alg: 1, kid: 4, typ: 16 } as const;
const CLAIM = { iss: 1, sub: 2, exp: 4, iat: 6, statusList: 65_533, ttl: 65_534 } as const;
/** RFC 9052 §4.2. */
const COSE_SIGN1 = 18;

/** A Status List Token as a CWT: a COSE_Sign1 with its tag (Token Status List §5.2, RFC 9052 §4.4). */
export function signCwt(signer: Signer, { issuer, uri, issuedAt, expiresAt, ttlSeconds, bits, list }: ListClaims): Uint8Array {
  const alg = COSE_ALGS.get(signer.alg);
  if (alg === undefined) throw new TypeError(`COSE has no ${signer.alg}`);
  const protectedHeader = encode([
    [HEADER.alg, alg],
    [HEADER.kid, Buffer.from(signer.kid)],
    [HEADER.typ, 'application/statuslist+cwt'],
  ]);
  const payload = encode([
    [CLAIM.iss, issuer],
    [CLAIM.sub, uri],
    [CLAIM.exp, expiresAt],
    [CLAIM.iat, issuedAt],
    [CLAIM.ttl, ttlSeconds],
    [
      CLAIM.statusList,
      new Map<string, CBORType>([
        ['bits', bits],
        ['lst', list],
      ]),
    ],
  ]);
  const signature = signer.signBytes(encodeCBOR(['Signature1', protectedHeader, new Uint8Array(), payload]));
  return encodeCBOR(new CBORTag(COSE_SIGN1, [protectedHeader, new Map(), payload, signature]));
}

function encode(members: readonly (readonly [number, CBORType])[]): Uint8Array {
  return encodeCBOR(new Map(members));
}
