/** Who is signing in, and who has, by the value of a cookie: their tokens stay on this server. In earnest they are in a store that outlives this process. */
import { randomBytes } from 'node:crypto';
import { type Client, createClient } from '@hufu/client/client';
import { clientSecretBasic } from '@hufu/client/client-secret';
import type { PendingSignIn } from '@hufu/client/pending-sign-in';
import type { TokenSession } from '@hufu/client/session/token-session';
import { cookies } from 'next/headers';

export const issuer: string = process.env.ISSUER ?? 'http://localhost:4400';
export const APP_URL: string = process.env.APP_URL ?? 'http://localhost:3000';
export const clientId = 'next-app';
const authentication = clientSecretBasic(process.env.NEXT_APP_SECRET ?? 'for-this-machine-only-make-your-own');

export const client: Client = createClient({ issuer, clientId, authentication });

declare global {
  var almanac: Map<string, PendingSignIn | TokenSession> | undefined;
}
/** Next.js may load a module once for each route: what they share hangs on the process. */
globalThis.almanac ??= new Map();
export const visits: Map<string, PendingSignIn | TokenSession> = globalThis.almanac;

/** The value of the cookie; '' where there is none. */
export async function visitor(): Promise<string> {
  return (await cookies()).get('almanac')?.value ?? '';
}

/** Under a new cookie: nobody who knew the old one is signed in by this. */
export async function keep(visit: PendingSignIn | TokenSession): Promise<void> {
  visits.delete(await visitor());
  const id = randomBytes(32).toString('base64url');
  for (const oldest of visits.keys()) if (visits.size >= 10_000) visits.delete(oldest);
  visits.set(id, visit);
  (await cookies()).set('almanac', id, { httpOnly: true, sameSite: 'lax', secure: APP_URL.startsWith('https:'), path: '/' });
}

export function redirect(location: string | URL): Response {
  return new Response(null, { status: 303, headers: { location: String(location), 'cache-control': 'no-store' } });
}
