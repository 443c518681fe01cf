import type { UserRecord } from '@hufu/store/port';
import type { AuthenticationResponseJSON } from '@simplewebauthn/server';
import { tellUser } from '../accounts/tell-user.ts';
import type { Context } from '../context.ts';
import type { Trail } from '../decisions/trail.ts';
import type { ProvedMethod } from '../sessions/methods.ts';
import { type ChallengeBinding, endOfChallenge, newChallenge, type PasskeyChallenge, readChallenge, writeChallenge } from './challenge.ts';
import { findContextFault } from './check-context.ts';
import { describePasskey, type PasskeyOptions } from './options.ts';
import { listPasskeys, type Passkey, passkeyLookup, readPasskey } from './passkey.ts';
import { type PasskeyRefusal, refusePasskey } from './problem.ts';
import { type RelyingParty, relyingParty } from './relying-party.ts';
import { readAssertion } from './response.ts';

/** Whose passkey is asked for, and what for. */
export type WantedPasskey =
  /** Anybody's that the authenticator keeps for us ("discoverable"). */
  | { readonly purpose: 'sign_in' }
  /** One of somebody who is known, within the sign-in or session `root`. */
  | { readonly purpose: 'second' | 'step_up'; readonly user: UserRecord; readonly root: string };

/** What came back from the browser. */
export interface PasskeyAnswer {
  /** `PasskeyOptions.challenge`. */
  readonly challenge: string;
  /** The credential as JSON. */
  readonly credential: string;
}

export type AssertedPasskey =
  | {
      readonly kind: 'proved';
      /** As read before the passkey was judged: whoever changes their passkeys meanwhile is not let in with this. */
      readonly user: UserRecord;
      readonly proved: ProvedMethod;
      readonly passkey: Passkey;
    }
  | PasskeyRefusal;

/** Undefined where there are no passkeys here: see `relyingParty`. Nobody's passkeys are named before they are known (attacks USR-01). */
export async function assertionOptions(
  ctx: Context,
  browserId: string,
  wanted: WantedPasskey,
  nowMs: number,
): Promise<PasskeyOptions | undefined> {
  const party = relyingParty(ctx);
  if (party === undefined) return undefined;
  const challenge = newChallenge(ctx, bindingOf(wanted, browserId), nowMs);
  const passkeys = wanted.purpose === 'sign_in' ? [] : await listPasskeys(ctx, wanted.user.id);
  return {
    publicKey: {
      challenge: challenge.id,
      rpId: party.id,
      allowCredentials: passkeys.map(describePasskey),
      // Also of a second factor: all of ours can, and only then it is worth two (`sessions/methods.ts`).
      userVerification: 'required',
      timeout: TIMEOUT_MS,
    },
    challenge: writeChallenge(ctx, challenge),
  };
}

/**
 * Judges an assertion (WebAuthn §7.2). What can be seen in the answer itself comes first, then whose passkey it is, then the signature; only a right one takes
 * the challenge and moves the counter, each for one caller alone.
 */
export async function verifyAssertion(
  ctx: Context,
  browserId: string,
  wanted: WantedPasskey,
  answer: PasskeyAnswer,
  trail: Trail,
  nowMs: number,
): Promise<AssertedPasskey> {
  const now = Math.floor(nowMs / 1000);
  trail.at('passkey_challenge');
  const party = relyingParty(ctx);
  if (party === undefined) return refusePasskey('wrong_site', 'there are no passkeys for an IP address');
  const challenge = readChallenge(ctx, answer.challenge, bindingOf(wanted, browserId), nowMs);
  if (typeof challenge === 'string') return refusePasskey('expired', challenge);

  trail.at('passkey_context');
  const response = readAssertion(answer.credential);
  if (response === undefined) return refusePasskey('malformed', 'the credential does not read');
  const authenticatorData = Buffer.from(response.response.authenticatorData, 'base64url');
  const fault = findContextFault(response.response.clientDataJSON, authenticatorData, party, challenge, 'webauthn.get');
  if (fault !== undefined) return fault;

  trail.at('passkey');
  const found = await findOwner(ctx, wanted, response);
  if (found.kind === 'refused') return found;
  const { user, passkey } = found;
  if (((authenticatorData[32] ?? 0) & BACKUP_ELIGIBLE) !== (passkey.data.backupEligible ? BACKUP_ELIGIBLE : 0))
    return refusePasskey('not_found', 'whether it may be backed up has changed');
  const signed = await verifySignature(party, challenge, response, passkey);
  if (signed !== undefined) return signed;

  trail.at('passkey_unused');
  if (!(await ctx.store.takeOnce(ctx.tenant, 'webauthn', challenge.id, endOfChallenge(challenge), now)))
    return refusePasskey('expired', 'its challenge has been used');
  trail.at('passkey_counter');
  const counter = authenticatorData.readUInt32BE(33);
  const used = await ctx.store.useFactor(ctx.tenant, user.id, passkey.factor.id, counter, now);
  if (used === 'unknown') return refusePasskey('not_found', 'it was removed meanwhile');
  if (used === 'behind') {
    await tellUser(ctx, user, 'passkey_suspicious', { name: passkey.factor.name });
    return refusePasskey('copied', `its counter is ${counter} after ${passkey.factor.counter}`);
  }
  const proved = { method: 'passkey', at: now, passkey: { userVerified: true, backupEligible: passkey.data.backupEligible } } as const;
  return { kind: 'proved', user, proved, passkey };
}

/** Milliseconds that the browser asks for: a little less than the challenge lives. */
const TIMEOUT_MS = 240_000;
/** Of the flags of authenticator data (WebAuthn §6.1). */
const BACKUP_ELIGIBLE = 0x08;

function bindingOf(wanted: WantedPasskey, browserId: string): ChallengeBinding {
  if (wanted.purpose === 'sign_in') return { purpose: 'sign_in', browserId, root: '', userId: 0, authVersion: 0 };
  const { purpose, root, user } = wanted;
  return { purpose, browserId, root, userId: user.id, authVersion: user.authVersion };
}

/** The passkey and whose it is: the user before the last look at the passkey, so that no version is newer than what it stands for (WebAuthn §7.2 step 6). */
async function findOwner(
  ctx: Context,
  wanted: WantedPasskey,
  { id, response }: AuthenticationResponseJSON,
): Promise<{ readonly kind: 'found'; readonly user: UserRecord; readonly passkey: Passkey } | PasskeyRefusal> {
  const factor = await ctx.store.findPasskey(ctx.tenant, passkeyLookup(id));
  const passkey = factor === undefined ? undefined : readPasskey(factor);
  if (passkey === undefined) return refusePasskey('not_found', 'nobody has this passkey');
  const { userId } = passkey.factor;
  if (wanted.purpose !== 'sign_in') {
    if (userId !== wanted.user.id) return refusePasskey('not_found', 'it is the passkey of somebody else');
    if (response.userHandle !== undefined && response.userHandle !== passkey.data.handle)
      return refusePasskey('not_found', 'its user handle is not the one of its owner');
    return { kind: 'found', user: wanted.user, passkey };
  }
  if (response.userHandle !== passkey.data.handle) return refusePasskey('not_found', 'its user handle is not the one of its owner');
  const user = await ctx.store.findUser(ctx.tenant, userId);
  return user === undefined ? refusePasskey('not_found', 'its owner is gone') : { kind: 'found', user, passkey };
}

/** WebAuthn §7.2 steps 11 to 21, by a library; the counter is the store's, after the signature. */
async function verifySignature(
  party: RelyingParty,
  challenge: PasskeyChallenge,
  response: AuthenticationResponseJSON,
  { data }: Passkey,
): Promise<PasskeyRefusal | undefined> {
  // Loaded at the first use: most requests are not about passkeys.
  const { verifyAuthenticationResponse } = await import('@simplewebauthn/server');
  try {
    const { verified } = await verifyAuthenticationResponse({
      response,
      expectedChallenge: challenge.id,
      expectedOrigin: party.origin,
      expectedRPID: party.id,
      requireUserVerification: true,
      credential: { id: data.credentialId, publicKey: new Uint8Array(Buffer.from(data.publicKey, 'base64url')), counter: 0 },
    });
    return verified ? undefined : refusePasskey('not_found', 'its signature is wrong');
  } catch (error) {
    return refusePasskey('not_found', error instanceof Error ? error.message.slice(0, 200) : 'it does not verify');
  }
}
