/** A web app that signs people in with Hufu. Tokens stay on this server; the browser gets a cookie that names its session. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { finishSignIn, refreshedTokens, signInRequest, signOutUrl, whoIs } from './hufu.ts';
import { readLogoutToken } from './logout-token.ts';
import { endSession, endSessionsOf, findSession, keepSession, type SignedIn } from './sessions.ts';

const PORT = Number(process.env.PORT ?? 3000);
/** Characters; a logout token has a thousand or two. */
const MAX_BODY = 16_384;
const LOGO =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 48 48"><path fill="#2f6f62" d="M8 6h32v36H8z"/><path stroke="#fff" d="M14 16h20M14 24h20M14 32h12"/></svg>';

const server = createServer((request, response) => {
  answer(request, response).catch((error: unknown) => {
    console.error(error);
    page(response, 500, '<p>Something broke. The log of this app says what.</p>');
  });
});
server.listen(PORT, '127.0.0.1', () => console.log(`Ledger is at http://localhost:${PORT}/`));

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { pathname, search } = new URL(request.url ?? '/', 'http://localhost');
  const session = findSession(request.headers.cookie);

  if (request.method === 'GET' && pathname === '/') {
    if (session?.kind !== 'signed_in') return page(response, 200, '<p><a href="/signin">Sign in</a></p>');
    return home(response, session);
  }

  if (request.method === 'GET' && pathname === '/signin') {
    const { url, pending } = await signInRequest();
    return redirect(response, url, keepSession(undefined, { kind: 'signing_in', pending }));
  }

  if (request.method === 'GET' && pathname === '/callback') {
    // Without it, the answer is not for this browser: an old tab, or an address that somebody sent.
    if (session?.kind !== 'signing_in') return page(response, 400, '<p>This sign-in is over. <a href="/signin">Sign in</a></p>');
    const result = await finishSignIn(search, session.pending);
    if (result.kind === 'refused') return page(response, 400, `<p>Not signed in: ${escape(result.reason)}</p>`);
    // A new id: nobody who knew the old one is signed in by this.
    return redirect(response, '/', keepSession(request.headers.cookie, { kind: 'signed_in', tokens: result.tokens }));
  }

  if (request.method === 'POST' && pathname === '/signout') {
    const cookie = endSession(request.headers.cookie);
    return redirect(response, session?.kind === 'signed_in' ? await signOutUrl(session.tokens) : '/', cookie);
  }

  if (request.method === 'POST' && pathname === '/backchannel-logout') {
    // Hufu itself asks, not a browser: there is no cookie, and the token says whom it is about.
    const sid = await readLogoutToken(new URLSearchParams(await readBody(request)).get('logout_token') ?? '');
    if (sid !== undefined) console.log(`Hufu ended the session ${sid}: ${endSessionsOf(sid)} signed out`);
    response.writeHead(sid === undefined ? 400 : 200, { 'cache-control': 'no-store' }).end();
    return;
  }

  if (request.method === 'GET' && pathname === '/logo.svg') {
    response.writeHead(200, { 'content-type': 'image/svg+xml' }).end(LOGO);
    return;
  }

  page(response, 404, '<p>There is nothing here.</p>');
}

async function readBody(request: IncomingMessage): Promise<string> {
  let body = '';
  for await (const chunk of request.setEncoding('utf8')) {
    body += chunk;
    if (body.length > MAX_BODY) return '';
  }
  return body;
}

async function home(response: ServerResponse, session: SignedIn): Promise<void> {
  const fresh = await refreshedTokens(session.tokens);
  const person = fresh.kind === 'live' ? await whoIs(fresh.tokens) : undefined;
  if (fresh.kind === 'away') return page(response, 503, '<p>The sign-in server is away. You are still signed in; try again.</p>');
  if (fresh.kind === 'ended' || person === undefined) {
    return page(response, 200, '<p>Your access has ended. <a href="/signin">Sign in again</a></p>');
  }
  session.tokens = fresh.tokens;
  const { name, email } = person;
  const form = '<form method="post" action="/signout"><button>Sign out</button></form>';
  page(response, 200, `<p id="who">${escape(name ?? '')} &lt;${escape(email ?? '')}&gt;</p>${form}`);
}

function redirect(response: ServerResponse, to: string, cookie: string): void {
  response.writeHead(303, { location: to, 'set-cookie': cookie, 'cache-control': 'no-store' }).end();
}

function page(response: ServerResponse, status: number, body: string): void {
  const headers = { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' };
  response.writeHead(status, headers).end(`<!doctype html><html lang="en"><title>Ledger</title><h1>Ledger</h1>${body}</html>`);
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
