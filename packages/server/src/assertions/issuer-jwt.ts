import { hash } from 'node:crypto';
import type { Confirmation } from '@hufu/protocol/confirmation';
import { SIGNATURE_ALGS } from '@hufu/protocol/jose-algorithms';
import { readJwt } from '@hufu/protocol/jwt';
import { findSignatureFault } from '../client-keys/find-signature-fault.ts';
import type { AssertionUse, TrustedIssuer } from '../config/config.ts';
import type { Context } from '../context.ts';
import type { Check } from '../decisions/checks.ts';
import type { Trail } from '../decisions/trail.ts';
import type { AssertionMark, RefusedAssertion } from './assertion-mark.ts';
import { bareType, judgeClaims } from './judge-claims.ts';
import { findTrustedIssuer } from './trusted-issuers.ts';

/** A JWT that a trusted issuer has signed, for us, and for one of the client's uses. */
export interface IssuerJwt {
  readonly kind: 'verified';
  readonly issuer: TrustedIssuer;
  readonly payload: Readonly<Record<string, unknown>>;
  readonly mark: AssertionMark;
}

/** ID-JAG §3. */
export const ID_JAG_TYPE = 'oauth-id-jag+jwt';

/** Of no other kind (RFC 8725 §3.11): an ID token or an access token of the issuer is not meant for a grant. */
const TYPES: Readonly<Record<'jwt' | 'id-jag', ReadonlySet<unknown>>> = {
  jwt: new Set([undefined, 'jwt']),
  'id-jag': new Set([ID_JAG_TYPE]),
};

const CHECKS = ['trusted_issuer', 'grant_assertion_key', 'grant_assertion_claims'] as const satisfies readonly Check[];

/**
 * Verifies a JWT of a trusted issuer (RFC 7523 §3): trusted for that use and from that client, signed with one of its keys, of the right kind, for
 * us alone, in time, and shown with the key that it is bound to where it is (RFC 7800 §3). Marks its checks in the trail.
 *
 * @param audiences names that it may be meant for.
 */
export async function verifyIssuerJwt(
  ctx: Context,
  text: string,
  rules: {
    readonly use: AssertionUse;
    readonly clientId: string;
    readonly audiences: readonly string[];
    /** The key that the request has proved. */
    readonly confirmation: Confirmation | undefined;
    readonly trail: Trail;
    readonly now: number;
  },
): Promise<IssuerJwt | RefusedAssertion> {
  const { use, clientId, audiences, confirmation, trail, now } = rules;
  const [trusted, key, claims] = CHECKS;
  trail.at(trusted);
  const jwt = readJwt(text);
  if (jwt === undefined) return refused('it does not read as a signed JWT');
  const issuer = findTrustedIssuer(ctx, jwt.payload['iss'], use, clientId);
  if (typeof issuer === 'string') return refused(issuer);
  trail.at(key);
  if (!SIGNATURE_ALGS.includes(jwt.header.alg)) return refused(`its alg ${JSON.stringify(jwt.header.alg.slice(0, 20))} is no signature`);
  const fault = await findSignatureFault(ctx, issuer, 'the issuer', jwt, now);
  if (fault !== undefined) return refused(fault);
  trail.at(claims);
  if (!TYPES[use === 'id-jag' ? 'id-jag' : 'jwt'].has(bareType(jwt.header['typ']))) return refused('its typ is another kind of JWT');
  const expiresAt = judgeClaims(jwt.payload, audiences, now);
  if (typeof expiresAt === 'string') return refused(expiresAt);
  const { jti, cnf } = jwt.payload;
  if (cnf !== undefined && !isConfirmed(cnf, confirmation)) return refused('it is bound to a key that the request does not prove');
  if (typeof jti !== 'string' || jti === '') return refused('it has no jti');
  const value = hash('sha256', JSON.stringify(['jwt', issuer.issuer, jti]), 'base64url');
  return { kind: 'verified', issuer, payload: jwt.payload, mark: { kind: 'assertion', value, expiresAt } };
}

/** RFC 7800 §3.1: what confirms it is one thing that we know, and it is there. */
function isConfirmed(cnf: unknown, confirmation: Confirmation | undefined): boolean {
  const members = Object.entries(Object(cnf));
  return (
    members.length === 1 &&
    confirmation !== undefined &&
    members.every(([name, value]) => name === confirmation.method && value === confirmation.thumbprint)
  );
}

function refused(reason: string): RefusedAssertion {
  return { kind: 'refused', reason };
}
