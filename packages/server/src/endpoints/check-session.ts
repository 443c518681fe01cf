import { createHash } from 'node:crypto';
import type { Context } from '../context.ts';
import type { HttpReply } from '../http.ts';
import { cookieName } from '../sessions/cookies.ts';
import { checkSessionScript } from './check-session-script.ts';
import { document } from './jwks.ts';

/** Seconds that browsers and proxies may keep it: it never changes while a version runs. */
const MAX_AGE = 3_600;

interface CheckSessionPage {
  readonly body: Buffer;
  readonly etag: string;
  readonly policy: string;
}

const pages = new Map<string, CheckSessionPage>();

/**
 * The page that clients load into a frame to ask whether the session still is what it was (OpenID Connect Session Management §3.2,
 * `check_session_iframe`). The one page of ours that anybody may frame: it shows nothing and takes nothing but a question.
 */
export function checkSession(ctx: Context): HttpReply {
  const { body, etag, policy } = pageFor(cookieName(ctx, 'browser_state'));
  const reply = document(body, etag, 'text/html; charset=utf-8', MAX_AGE);
  const headers = { 'content-security-policy': policy, 'cross-origin-resource-policy': 'cross-origin' };
  return { ...reply, headers: { ...reply.headers, ...headers } };
}

/** Two at most: the cookie has one name on https and another one without. */
function pageFor(name: string): CheckSessionPage {
  const made = pages.get(name);
  if (made !== undefined) return made;
  const script = checkSessionScript(name);
  const body = Buffer.from(
    `<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>Session</title></head><body data-page="check-session"><script>${script}</script></body></html>\n`,
  );
  const page = {
    body,
    etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`,
    policy: `default-src 'none'; script-src 'sha256-${createHash('sha256').update(script).digest('base64')}'; base-uri 'none'`,
  };
  pages.set(name, page);
  return page;
}
