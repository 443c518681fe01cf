import type { StoredAccess } from '@hufu/client/session/record';
import { readJwt } from '@hufu/protocol/jwt';
import { makeMarks, type TokenMarks } from '@hufu/resource/marks';
import type { Finding } from '@hufu/resource/revocations';

/** As much of a `RevocationFollower` as sessions ask. */
export interface FollowedRevocations {
  look(token: TokenMarks): Finding;
  /** Milliseconds since the last word of the feed; left out: there is none, and nothing to wait for. */
  ageMs?(): number;
}

/** By what revocations know the access tokens of sessions: read once of each. */
const known = new WeakMap<StoredAccess, { readonly marks: TokenMarks | undefined }>();

/** What the feed says of an access token that is dead before its time: from memory. Undefined of one that is not, and where nobody can say. */
export function findRevocation(
  revocations: FollowedRevocations | undefined,
  access: StoredAccess | undefined,
): Extract<Finding, { readonly kind: 'revoked' }> | undefined {
  if (revocations === undefined || access === undefined) return undefined;
  let read = known.get(access);
  if (read === undefined) {
    read = { marks: marksOfText(access.token) };
    known.set(access, read);
  }
  const finding = read.marks === undefined ? undefined : revocations.look(read.marks);
  return finding?.kind === 'revoked' ? finding : undefined;
}

/** It came from the issuer itself, so nobody has to verify it. Undefined where it is no JWT of an issuer with a feed. */
function marksOfText(token: string): TokenMarks | undefined {
  const jwt = readJwt(token);
  if (jwt === undefined) return undefined;
  const { jti, client_id: clientId, iat, sub } = jwt.payload;
  if (typeof jti !== 'string' || typeof clientId !== 'string' || typeof iat !== 'number' || typeof sub !== 'string') return undefined;
  const { kid } = jwt.header;
  return makeMarks({ claims: jwt.payload, tokenId: jti, clientId, issuedAt: iat, subject: sub }, typeof kid === 'string' ? kid : undefined);
}
