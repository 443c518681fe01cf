import type { Context } from '../context.ts';
import type { Passkey } from './passkey.ts';
import { relyingParty } from './relying-party.ts';

/** Options of `PublicKeyCredential.signalAllAcceptedCredentials()`. */
export interface AcceptedPasskeys {
  readonly rpId: string;
  readonly userId: string;
  readonly allAcceptedCredentialIds: readonly string[];
}

/**
 * What tells the browser which passkeys of a user still count, so that it stops offering the others (WebAuthn §5.1.10). Undefined where the user has none: nothing is left then that knows
 * what they were called by.
 */
export function acceptedPasskeys(ctx: Pick<Context, 'issuer'>, passkeys: readonly Passkey[]): AcceptedPasskeys | undefined {
  const party = relyingParty(ctx);
  const [first] = passkeys;
  if (party === undefined || first === undefined) return undefined;
  return { rpId: party.id, userId: first.data.handle, allAcceptedCredentialIds: passkeys.map(({ data }) => data.credentialId) };
}
