/** What is needed to sign in and out, and to renew. */
import { finishRedirect, signInByRedirect } from '@hufu/client/browser-sign-in';
import { createClient } from '@hufu/client/client';
import { createRenewer } from '@hufu/client/renewer';
import { signOutUrl } from '@hufu/client/sign-out';
import { clientId, issuer, session } from './session.ts';

const client = createClient({ issuer, clientId });
const home = `${location.origin}/`;

export const renewer: ReturnType<typeof createRenewer> = createRenewer(client);

export function signIn(): Promise<void> {
  return signInByRedirect(client, { redirectUri: home, scope: 'openid profile email', returnTo: location.href });
}

/** Where the page was opened by the way back from Hufu. */
export async function arrive(): Promise<void> {
  const signedIn = await finishRedirect(client);
  if (signedIn === undefined) return;
  await session.signedIn(signedIn);
  // Where they were when they pressed the button; an app with a router tells that.
  if (signedIn.returnTo !== undefined) history.replaceState(undefined, '', signedIn.returnTo);
}

/** Ends the session here, in the other tabs, and at Hufu. */
export async function signOut(): Promise<void> {
  const { idToken } = await session.signOut();
  location.assign(await signOutUrl(client, { idToken, postLogoutRedirectUri: home }));
}
