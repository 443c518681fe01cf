/** What every page of the app needs: who is signed in, and requests in their name. The rest is loaded when it is needed. */
import { dpopProof } from '@hufu/client/dpop';
import { lazyRenewer } from '@hufu/client/lazy-renewer';
import { sessionFetch } from '@hufu/client/session/session-fetch';
import { TokenSession } from '@hufu/client/session/token-session';
import { browserPlace } from '@hufu/client/storage/browser';

export const issuer: string = document.documentElement.dataset['issuer'] ?? '';
export const clientId = 'single-page-app';

const signIn = (): Promise<typeof import('./sign-in.ts')> => import('./sign-in.ts');

/** One for all tabs of the app: whichever of them renews it. */
const renewer = lazyRenewer(async () => (await signIn()).renewer);
export const session: TokenSession = new TokenSession({ issuer, clientId, place: browserPlace(), renewer });

/** `fetch` with an access token, for the issuer alone. An API of your own goes into this list. */
export const api: typeof fetch = sessionFetch(session, { audiences: [new URL(issuer).origin], prove: dpopProof });

export const actions = {
  arrive: async (): Promise<void> => (location.search === '' ? undefined : (await signIn()).arrive()),
  signIn: async (): Promise<void> => (await signIn()).signIn(),
  signOut: async (): Promise<void> => (await signIn()).signOut(),
};
