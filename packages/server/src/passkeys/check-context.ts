import { createHash } from 'node:crypto';
import { equalText } from '@hufu/protocol/equal-text';
import type { PasskeyChallenge } from './challenge.ts';
import { type PasskeyRefusal, refusePasskey } from './problem.ts';
import type { RelyingParty } from './relying-party.ts';
import { readClientData } from './response.ts';

/** Hash of the RP ID, flags, counter (WebAuthn §6.1). */
const LEAST_BYTES = 37;
const USER_PRESENT = 0x01;
const USER_VERIFIED = 0x04;

/**
 * What an answer says about where and how it was given (WebAuthn §7.1 steps 7 to 17, §7.2 steps 10 to 20), without a look at whose it is: the kind of act, the challenge, the
 * origin to the letter, no frame of another site, our RP ID, and that somebody was there whom the authenticator knows.
 */
export function findContextFault(
  clientDataJson: string,
  authenticatorData: Buffer,
  party: RelyingParty,
  challenge: PasskeyChallenge,
  type: 'webauthn.create' | 'webauthn.get',
): PasskeyRefusal | undefined {
  const data = readClientData(clientDataJson);
  if (data === undefined || authenticatorData.length < LEAST_BYTES) return refusePasskey('malformed', 'the credential does not read');
  if (data.type !== type) return refusePasskey('malformed', `its type is ${data.type.slice(0, 40)}`);
  if (!equalText(data.challenge, challenge.id)) return refusePasskey('expired', 'another challenge was signed');
  if (data.origin !== party.origin) return refusePasskey('wrong_site', `it was used at ${data.origin.slice(0, 200)}`);
  if (data.crossOrigin) return refusePasskey('wrong_site', 'it was used in a frame of another site');
  const rpIdHash = createHash('sha256').update(party.id).digest();
  if (!authenticatorData.subarray(0, 32).equals(rpIdHash)) return refusePasskey('wrong_site', 'it is for another RP ID');
  const flags = authenticatorData[32] ?? 0;
  if ((flags & USER_PRESENT) === 0) return refusePasskey('unverified', 'nobody was there');
  return (flags & USER_VERIFIED) === 0 ? refusePasskey('unverified', 'the authenticator did not verify its user') : undefined;
}
