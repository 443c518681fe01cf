import type { StoredAccess } from '@hufu/client/session/record';
import { readJwt } from '@hufu/protocol/jwt';
import { makeMarks, marksOf, type TokenMarks } from '@hufu/resource/marks';
import type { Finding } from '@hufu/resource/revocations';
import type { LiveToken } from '@hufu/resource/verification';

/** As much of a `RevocationFollower` as sessions ask. */
export interface FollowedRevocations {
  look(token: TokenMarks): Finding;
  /** Milliseconds since the last word of the feed; left out: there is none, and nothing to wait for. */
  ageMs?(): number;
}

/** By what revocations know the access tokens of sessions: read once of each. */
const known = new WeakMap<StoredAccess, { readonly marks: TokenMarks | undefined }>();

const MAX_LEARNT = 10_000;

/** By what revocations know access tokens that say nothing by themselves: the issuer has said it when it was asked about them (RFC 7662 §2.2). The longest known falls first. */
export class LearntMarks {
  readonly #marks = new Map<string, TokenMarks>();

  /** Of a token of a session that was taken as `live`. */
  learn(text: string, live: LiveToken): void {
    // Those of a JWT are read from it.
    if (text.startsWith('eyJ') || this.#marks.has(text)) return;
    const marks = marksOf(live);
    if (marks === undefined) return;
    this.#marks.set(text, marks);
    const [oldest] = this.#marks.keys();
    if (this.#marks.size > MAX_LEARNT && oldest !== undefined) this.#marks.delete(oldest);
  }

  find(text: string): TokenMarks | undefined {
    return this.#marks.get(text);
  }
}

/** What the feed says of an access token that is dead before its time: from memory. Undefined of one that is not, and where nobody can say. */
export function findRevocation(
  { revocations, learnt }: { readonly revocations?: FollowedRevocations | undefined; readonly learnt: LearntMarks },
  access: StoredAccess | undefined,
): Extract<Finding, { readonly kind: 'revoked' }> | undefined {
  if (revocations === undefined || access === undefined) return undefined;
  let read = known.get(access);
  if (read === undefined) {
    read = { marks: marksOfText(access.token) };
    known.set(access, read);
  }
  const marks = read.marks ?? learnt.find(access.token);
  const finding = marks === undefined ? undefined : revocations.look(marks);
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
