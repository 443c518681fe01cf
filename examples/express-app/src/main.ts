/** A web app with Express: the tokens of its people stay on this server, and are renewed once for all requests of a person. */
import { randomBytes } from 'node:crypto';
import { createClient } from '@hufu/client/client';
import { ClientError } from '@hufu/client/client-error';
import { clientSecretBasic } from '@hufu/client/client-secret';
import { finishSignIn } from '@hufu/client/finish-sign-in';
import { readLogoutToken } from '@hufu/client/logout-token';
import type { PendingSignIn } from '@hufu/client/pending-sign-in';
import { createRenewer } from '@hufu/client/renewer';
import { SessionError } from '@hufu/client/session/session-error';
import { sessionFetch } from '@hufu/client/session/session-fetch';
import { TokenSession } from '@hufu/client/session/token-session';
import { prepareSignIn } from '@hufu/client/sign-in';
import { signOutUrl } from '@hufu/client/sign-out';
import { memoryPlace } from '@hufu/client/storage/memory';
import express, { type Request, type Response } from 'express';

const issuer = process.env.ISSUER ?? 'http://localhost:4400';
const APP_URL = process.env.APP_URL ?? 'http://localhost:3000';
const clientId = 'express-app';
const authentication = clientSecretBasic(process.env.EXPRESS_APP_SECRET ?? 'for-this-machine-only-make-your-own');
const client = createClient({ issuer, clientId, authentication });

/** By the value of the cookie: who is signing in, and who has. In earnest they are in a store that outlives this process. */
const visits = new Map<string, PendingSignIn | TokenSession>();
const app = express();

app.get('/', async (request, response) => {
  const session = visits.get(cookieOf(request));
  if (!(session instanceof TokenSession)) return page(response, 200, '<a href="/signin">Sign in</a>');
  const ask = sessionFetch(session, { audiences: [new URL(issuer).origin] });
  const userinfo = await ask(`${issuer}/oauth/userinfo`).catch((error: unknown) => error);
  const isOver =
    userinfo instanceof SessionError ? !userinfo.retryable : userinfo instanceof globalThis.Response && userinfo.status === 401;
  if (isOver) return page(response, 200, 'Your access has ended. <a href="/signin">Sign in again</a>');
  // A server that is away is no reason to sign anybody out.
  if (!(userinfo instanceof globalThis.Response) || !userinfo.ok) return page(response, 503, 'Try again in a moment.');
  const { name, email } = await userinfo.json();
  page(response, 200, `${escape(name)} &lt;${escape(email)}&gt; <form method="post" action="/signout"><button>Sign out</button></form>`);
});

app.get('/signin', async (_, response) => {
  const { url, pending } = await prepareSignIn(client, { redirectUri: `${APP_URL}/callback`, scope: 'openid profile email' });
  keep(response, pending);
  response.redirect(303, url);
});

app.get('/callback', async (request, response) => {
  const pending = visits.get(cookieOf(request));
  if (pending === undefined || pending instanceof TokenSession) return page(response, 400, 'This sign-in is over.');
  visits.delete(cookieOf(request));
  try {
    const session = new TokenSession({ issuer, clientId, place: memoryPlace(), renewer: createRenewer(client) });
    await session.signedIn(await finishSignIn(client, APP_URL + request.originalUrl, pending));
    // A new cookie: nobody who knew the old one is signed in by this.
    keep(response, session);
    response.redirect(303, '/');
  } catch (error) {
    page(response, 400, `Not signed in: ${escape(error instanceof ClientError ? error.code : 'try again')}`);
  }
});

app.post('/signout', async (request, response) => {
  const session = visits.get(cookieOf(request));
  visits.delete(cookieOf(request));
  const { idToken } = session instanceof TokenSession ? await session.signOut() : {};
  response.redirect(303, await signOutUrl(client, { idToken, postLogoutRedirectUri: `${APP_URL}/` }));
});

/** Hufu itself asks: a session that this app took part in has ended (Back-Channel Logout §2.5). */
app.post('/backchannel-logout', express.urlencoded({ extended: false, limit: '16kb' }), async (request, response) => {
  const token = await readLogoutToken(client, request.body?.logout_token).catch(() => undefined);
  if (token !== undefined) console.log(`Hufu ended the session ${token.sid}`);
  for (const [id, session] of token?.sid === undefined ? [] : visits) {
    const { claims } = session instanceof TokenSession ? await session.current().catch(() => ({ claims: undefined })) : {};
    if (claims?.['sid'] === token?.sid) visits.delete(id);
  }
  response.set('cache-control', 'no-store').sendStatus(token === undefined ? 400 : 200);
});

app.listen(Number(process.env.PORT ?? 3000), '127.0.0.1', () => console.log(`Almanac is at ${APP_URL}/`));

const cookieOf = (request: Request): string => /(?:^|; )almanac=([\w-]{43})/.exec(request.headers.cookie ?? '')?.[1] ?? '';

function keep(response: Response, visit: PendingSignIn | TokenSession): void {
  const id = randomBytes(32).toString('base64url');
  for (const oldest of visits.keys()) if (visits.size >= 10_000) visits.delete(oldest);
  visits.set(id, visit);
  response.cookie('almanac', id, { httpOnly: true, sameSite: 'lax', secure: APP_URL.startsWith('https:') });
}

function page(response: Response, status: number, body: string): void {
  const html = `<!doctype html><html lang="en"><title>Almanac</title><p>${body}</p></html>`;
  response.status(status).set('cache-control', 'no-store').send(html);
}

function escape(value: unknown): string {
  return String(value).replace(/[&<]/g, (char) => `&#${char.charCodeAt(0)};`);
}
