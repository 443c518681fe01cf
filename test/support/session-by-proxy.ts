import { createClient } from '@hufu/client/client';
import { createRenewer } from '@hufu/client/renewer';
import type { Renewer } from '@hufu/client/session/renewer';
import type { SignedIn } from '@hufu/client/session/session-tokens';
import { readJwt } from '@hufu/protocol/jwt';

/** What a test got for somebody by signing in without the SDK. */
export interface FirstTokens {
  readonly access: string;
  readonly refresh: string;
  readonly idToken?: string;
}

/** Renews at `issuer` as an app does: by the SDK's own renewer. All requests go by the proxy, and say who sends them. */
export function renewerByProxy(issuer: string, proxy: string, who: string = ''): Renewer {
  return createRenewer(
    createClient({
      issuer,
      clientId: 'spa',
      fetch: (url, init) => {
        const headers = new Headers(init.headers);
        headers.set('who', who);
        return fetch(url.replace(issuer, proxy), { ...init, headers });
      },
    }),
  );
}

/** The same, as the SDK would hand it to a session. */
export function signedInWith({ access, refresh, idToken }: FirstTokens): SignedIn {
  const claims = idToken === undefined ? undefined : readJwt(idToken)?.payload;
  return {
    accessToken: access,
    refreshToken: refresh,
    tokenType: 'Bearer',
    expiresIn: 600,
    ...(idToken !== undefined && { idToken }),
    ...(claims && { claims }),
  };
}
