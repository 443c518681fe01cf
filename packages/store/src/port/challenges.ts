import type { TenantId, UserId } from '@hufu/protocol/ids';

/** A mail with a code or a link that somebody is to prove an address with. */
export interface ChallengeRecord {
  readonly id: number;
  readonly purpose: 'sign_in' | 'verify_email' | 'reset_password' | 'sign_up' | 'enrol' | 'invite';
  /** Undefined where nobody has the address: then nothing is ever right, unless somebody wants to sign up with it. */
  readonly userId: UserId | undefined;
  /** Folded. */
  readonly address: string;
  /** Keyed hash of the browser that asked. */
  readonly browserHash: string;
  /** Keyed hashes of what the mail carries. Both empty where its mailbox has had its share of mails: then nothing is right, and it falls first. */
  readonly codeHash: string;
  readonly linkHash: string;
  /** `authVersion` of the user when it was made. */
  readonly authVersion: number;
  /** What its room keeps with it; no secret. */
  readonly data: Readonly<Record<string, unknown>>;
  readonly createdAt: number;
  readonly expiresAt: number;
}

export interface Challenges {
  /**
   * Makes one; older ones of the same purpose and address stay, at most `MAX_CHALLENGES` of them: those fall first that are used, over or of no mail, and of those that are left the oldest. Of a user who is not there any more it is dead
   * from the start, and nobody's. An invitation (`invite`) takes the place of every other one of its user.
   */
  openChallenge(tenant: TenantId, challenge: Omit<ChallengeRecord, 'id' | 'createdAt'>, now: number): Promise<ChallengeRecord>;
  /** One that is neither used nor expired nor out of tries. */
  findChallenge(tenant: TenantId, id: number, now: number): Promise<ChallengeRecord | undefined>;
  /**
   * Tries `hash` against the code or the link. A try is counted in the same act, at most `maxTries` for one challenge, code and link together; the right one uses the challenge up,
   * for exactly one caller. `wrong` says how many tries are left. `dead`: used, expired, out of tries, not there, or its user is not active, or their `authVersion` is another than when it was made, or they have had a new password in that second or later.
   */
  answerChallenge(
    tenant: TenantId,
    id: number,
    answer: { readonly kind: 'code' | 'link'; readonly hash: string },
    maxTries: number,
    now: number,
  ): Promise<
    | { readonly kind: 'right'; readonly challenge: ChallengeRecord }
    | { readonly kind: 'wrong'; readonly triesLeft: number }
    | { readonly kind: 'dead' }
  >;
  /**
   * Exchanges the link of a live challenge, if that is its link, for another code until then: what the mail carried is good for nothing any more, and tries begin anew. `renewed` for exactly one
   * caller; `dead` as with `answerChallenge`, and for another link.
   */
  renewCode(
    tenant: TenantId,
    id: number,
    hashes: { readonly link: string; readonly code: string },
    expiresAt: number,
    now: number,
  ): Promise<'renewed' | 'dead'>;
}
