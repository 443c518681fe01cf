import { randomBytes } from 'node:crypto';
import type { SessionId } from '@hufu/protocol/ids';
import type { Locale } from '@hufu/protocol/locale';
import type { FactorRecord, UserRecord } from '@hufu/store/port';
import type { RegistrationResponseJSON, VerifiedRegistrationResponse } from '@simplewebauthn/server';
import { tellUser } from '../accounts/tell-user.ts';
import { asUser } from '../audit/acting.ts';
import type { Context } from '../context.ts';
import type { Trail } from '../decisions/trail.ts';
import type { ProvedMethod } from '../sessions/methods.ts';
import type { PasskeyAnswer } from './assert.ts';
import { type ChallengeBinding, endOfChallenge, newChallenge, type PasskeyChallenge, readChallenge, writeChallenge } from './challenge.ts';
import { findContextFault } from './check-context.ts';
import { describePasskey, type PasskeyOptions } from './options.ts';
import { listPasskeys, type PasskeyData, passkeyLookup } from './passkey.ts';
import { type PasskeyRefusal, refusePasskey } from './problem.ts';
import { type RelyingParty, relyingParty } from './relying-party.ts';
import { readRegistration } from './response.ts';

/** Who gets a passkey. That they may (a fresh sign-in, a proved first factor) is the caller's to know. */
export interface PasskeyHolder {
  readonly user: UserRecord;
  /** The session or the sign-in in which it is made. */
  readonly root: string;
  /** Goes on under the user's new version. */
  readonly session: SessionId | undefined;
}

export type RegisteredPasskey =
  | {
      readonly kind: 'added';
      readonly factor: FactorRecord;
      readonly authVersion: number;
      /** Making one shows it: its holder was there, and verified. */
      readonly proved: ProvedMethod;
    }
  | PasskeyRefusal;

/** What makes a passkey of this user in the browser (WebAuthn §5.4); undefined where there are none here: see `relyingParty`. */
export async function registrationOptions(
  ctx: Context,
  browserId: string,
  holder: PasskeyHolder,
  nowMs: number,
): Promise<PasskeyOptions | undefined> {
  const party = relyingParty(ctx);
  if (party === undefined) return undefined;
  const passkeys = await listPasskeys(ctx, holder.user.id);
  const handle = passkeys[0]?.data.handle ?? randomBytes(HANDLE_BYTES).toString('base64url');
  const challenge = newChallenge(ctx, { ...bindingOf(holder, browserId), handle }, nowMs);
  const { username, claims } = holder.user;
  return {
    publicKey: {
      challenge: challenge.id,
      rp: { id: party.id, name: party.id },
      user: { id: handle, name: username, displayName: typeof claims['name'] === 'string' ? claims['name'] : username },
      pubKeyCredParams: ALGORITHMS.map((alg) => ({ type: 'public-key', alg })),
      excludeCredentials: passkeys.map(describePasskey),
      // One kind of passkey: each of them can be all that somebody signs in with.
      authenticatorSelection: { residentKey: 'required', requireResidentKey: true, userVerification: 'required' },
      attestation: 'none',
      timeout: TIMEOUT_MS,
    },
    challenge: writeChallenge(ctx, challenge),
  };
}

/**
 * Judges a new credential (WebAuthn §7.1) and adds it. The challenge is taken once it is known to be right, and the store adds it only while the user is what they were when it
 * was asked for.
 */
export async function registerPasskey(
  ctx: Context,
  browserId: string,
  holder: PasskeyHolder,
  answer: PasskeyAnswer & { readonly name: string; readonly locale?: Locale },
  trail: Trail,
  nowMs: number,
): Promise<RegisteredPasskey> {
  const now = Math.floor(nowMs / 1000);
  trail.at('passkey_challenge');
  const party = relyingParty(ctx);
  if (party === undefined) return refusePasskey('wrong_site', 'there are no passkeys for an IP address');
  const challenge = readChallenge(ctx, answer.challenge, bindingOf(holder, browserId), nowMs);
  if (typeof challenge === 'string') return refusePasskey('expired', challenge);

  trail.at('passkey_context');
  const response = readRegistration(answer.credential);
  if (response === undefined) return refusePasskey('malformed', 'the credential does not read');
  const data = await verifyRegistration(party, challenge, response);
  if ('kind' in data) return data;

  trail.at('passkey_unused');
  if (!(await ctx.store.takeOnce(ctx.tenant, 'webauthn', challenge.id, endOfChallenge(challenge), now)))
    return refusePasskey('expired', 'its challenge has been used');
  trail.at('passkey_added');
  const { user, session } = holder;
  const { counter, ...kept } = data;
  const factor = { kind: 'passkey', name: answer.name, lookup: passkeyLookup(kept.credentialId), data: { ...kept }, counter } as const;
  const added = await asUser(ctx, user).addFactor(ctx.tenant, user.id, user.authVersion, factor, session, now);
  switch (added.kind) {
    case 'added':
      await tellUser(ctx, user, 'factor_added', { name: answer.name }, answer.locale);
      return { ...added, proved: { method: 'passkey', at: now, passkey: { userVerified: true, backupEligible: data.backupEligible } } };
    case 'taken':
      return refusePasskey('already_there', 'somebody has a passkey of that credential id');
    case 'full':
      return refusePasskey('full', 'the user has as many factors as there may be');
    case 'changed':
      return refusePasskey('changed', 'what the user proves themselves with has changed meanwhile');
  }
}

const HANDLE_BYTES = 32;
const TIMEOUT_MS = 240_000;
/** EdDSA, ES256, RS256 (RFC 9053 §2, RFC 8812 §2), as authenticators have them, the best first. */
const ALGORITHMS: readonly number[] = [-8, -7, -257];
/** Bytes of a COSE key: an RSA key of 8,192 bits has 1,100. */
const MAX_PUBLIC_KEY = 1_200;
/** Bytes (WebAuthn §7.1 step 25). */
const MAX_CREDENTIAL_ID = 1_023;

function bindingOf({ user, root }: PasskeyHolder, browserId: string): ChallengeBinding {
  return { purpose: 'register', browserId, root, userId: user.id, authVersion: user.authVersion };
}

async function verifyRegistration(
  party: RelyingParty,
  challenge: PasskeyChallenge,
  response: RegistrationResponseJSON,
): Promise<(PasskeyData & { readonly counter: number }) | PasskeyRefusal> {
  const { verifyRegistrationResponse } = await import('@simplewebauthn/server');
  const { decodeAttestationObject } = await import('@simplewebauthn/server/helpers');
  let verified: VerifiedRegistrationResponse;
  try {
    const attestation = decodeAttestationObject(new Uint8Array(Buffer.from(response.response.attestationObject, 'base64url')));
    const authenticatorData = Buffer.from(attestation.get('authData'));
    const fault = findContextFault(response.response.clientDataJSON, authenticatorData, party, challenge, 'webauthn.create');
    if (fault !== undefined) return fault;
    // None was asked for, and browsers send none (WebAuthn §5.1.3): what has certificates of somebody's choice is not even parsed.
    const format = attestation.get('fmt');
    if (format !== 'none' && (format !== 'packed' || attestation.get('attStmt').get('x5c') !== undefined))
      return refusePasskey('malformed', 'it has an attestation that nobody asked for');
    verified = await verifyRegistrationResponse({
      response,
      expectedChallenge: challenge.id,
      expectedOrigin: party.origin,
      expectedRPID: party.id,
      requireUserVerification: true,
      supportedAlgorithmIDs: [...ALGORITHMS],
    });
  } catch (error) {
    return refusePasskey('malformed', error instanceof Error ? error.message.slice(0, 200) : 'it does not verify');
  }
  if (!verified.verified) return refusePasskey('malformed', 'its attestation does not verify');
  const { credential, credentialDeviceType, credentialBackedUp, aaguid } = verified.registrationInfo;
  const idBytes = Buffer.from(credential.id, 'base64url').length;
  if (credential.id !== response.id || idBytes > MAX_CREDENTIAL_ID)
    return refusePasskey('malformed', 'its id is not the one that is signed');
  if (credential.publicKey.length > MAX_PUBLIC_KEY) return refusePasskey('malformed', 'its key is too large');
  return {
    credentialId: credential.id,
    publicKey: Buffer.from(credential.publicKey).toString('base64url'),
    handle: challenge.handle,
    backupEligible: credentialDeviceType === 'multiDevice',
    backedUp: credentialBackedUp,
    transports: response.response.transports ?? [],
    aaguid,
    counter: credential.counter,
  };
}
