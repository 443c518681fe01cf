import type {
  PublicKeyCredentialCreationOptionsJSON,
  PublicKeyCredentialDescriptorJSON,
  PublicKeyCredentialRequestOptionsJSON,
} from '@simplewebauthn/server';
import type { Passkey } from './passkey.ts';

/** What the browser hands to `navigator.credentials`, and the challenge under our seal, which comes back with the answer. */
export interface PasskeyOptions {
  readonly publicKey: PublicKeyCredentialCreationOptionsJSON | PublicKeyCredentialRequestOptionsJSON;
  readonly challenge: string;
}

/** A passkey as options name it, for an authenticator that is to have it or not to have it (WebAuthn §5.8.3). */
export function describePasskey({ data }: Passkey): PublicKeyCredentialDescriptorJSON {
  return { id: data.credentialId, type: 'public-key', ...(data.transports.length === 0 ? {} : { transports: [...data.transports] }) };
}
