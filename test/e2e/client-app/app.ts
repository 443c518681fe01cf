/** A single-page app as its makers write one with `@hufu/client`: what it knows stands on the page. */
import { finishRedirect, signInByRedirect } from '@hufu/client/browser-sign-in';
import { createClient } from '@hufu/client/client';
import { ClientError } from '@hufu/client/client-error';
import type { SignedIn } from '@hufu/client/finish-sign-in';
import { finishPopup, signInByPopup } from '@hufu/client/popup-sign-in';
import { fetchUserinfo } from '@hufu/client/userinfo';

const { origin, pathname, searchParams } = new URL(location.href);
const client = createClient({ issuer: document.documentElement.dataset['issuer'] ?? '', clientId: 'app' });
const request = { scope: 'openid profile', prompt: searchParams.get('prompt') ?? 'consent' };

function show(id: string, value: unknown): void {
  const place = document.getElementById(id);
  if (place !== null) place.textContent = typeof value === 'string' ? value : JSON.stringify(value);
}

async function showSignedIn(signedIn: SignedIn): Promise<void> {
  const { claims, dpopKey, tokenType, accessToken, returnTo } = signedIn;
  const { name } = await fetchUserinfo(client, { accessToken, sub: claims?.sub ?? '', dpopKey });
  const isReadable =
    dpopKey === undefined
      ? undefined
      : await crypto.subtle.exportKey('jwk', dpopKey.privateKey).then(
          () => true,
          () => false,
        );
  show('user', { name, tokenType, isReadable, returnTo });
}

async function attempt(act: () => Promise<void>): Promise<void> {
  try {
    await act();
  } catch (error) {
    show('error', error instanceof ClientError ? `${error.kind} ${error.code}` : String(error));
  }
  show('address', location.href);
  document.body.dataset['ready'] = 'yes';
}

function onClick(id: string, act: () => Promise<void>): void {
  document.getElementById(id)?.addEventListener('click', () => void attempt(act));
}

onClick('redirect', () => signInByRedirect(client, { ...request, redirectUri: `${origin}/callback`, returnTo: '/notes?page=2' }));
onClick('popup', async () => showSignedIn(await signInByPopup(client, { ...request, redirectUri: `${origin}/popup` })));
if (pathname === '/popup') finishPopup();
else
  await attempt(async () => {
    const signedIn = await finishRedirect(client);
    if (signedIn !== undefined) await showSignedIn(signedIn);
  });
