import type { Page } from 'playwright-core';

/** A virtual authenticator of Chromium (WebDriver for WebAuthn, WebAuthn §11): one that keeps passkeys and knows its holder. */
export interface VirtualAuthenticator {
  /** Whether its holder shows a finger or types the PIN. */
  verify(verified: boolean): Promise<void>;
  credentials(): Promise<readonly VirtualCredential[]>;
  /** One that was made elsewhere. An authenticator keeps one for each account. */
  put(credential: VirtualCredential): Promise<void>;
}

export interface VirtualCredential {
  readonly credentialId: string;
  readonly isResidentCredential: boolean;
  readonly rpId?: string;
  readonly privateKey: string;
  readonly userHandle?: string;
  readonly signCount: number;
}

/** `internal`: in the device itself, one at most. `usb`: a security key. */
export async function addAuthenticator(page: Page, transport: 'internal' | 'usb' = 'internal'): Promise<VirtualAuthenticator> {
  const cdp = await page.context().newCDPSession(page);
  await cdp.send('WebAuthn.enable', { enableUI: false });
  const { authenticatorId } = await cdp.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport,
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
  return {
    verify: async (isUserVerified) => void (await cdp.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified })),
    credentials: async () => (await cdp.send('WebAuthn.getCredentials', { authenticatorId })).credentials,
    put: async (credential) => void (await cdp.send('WebAuthn.addCredential', { authenticatorId, credential: { ...credential } })),
  };
}
