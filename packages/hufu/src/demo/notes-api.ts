import { protect } from '@hufu/resource/protect';
import type { LiveToken } from '@hufu/resource/verification';
import { verifier } from '@hufu/resource/verifier';
import type { Config } from '@hufu/server/config/config';
import type { Context } from '@hufu/server/context';
import type { HttpReply, HttpRequest } from '@hufu/server/http';
import type { Endpoint } from '@hufu/server/route';
import { DEMO_API_PATH } from './demo-config.ts';
import { MAX_NOTE, type Notes } from './notes.ts';

/**
 * The protected API of the demo: `GET` needs `notes:read`, `POST` of `{"text": "…"}` needs `notes:write`. It is a resource server like any
 * other: it knows Hufu's address and its own name, verifies tokens with the SDK, and tells what it read out of them.
 */
export function notesApi(ctx: Context, notes: Notes): { readonly read: Endpoint; readonly write: Endpoint } {
  const jwksUri = ownJwksUri(ctx.config);
  const tokens = verifier({
    issuer: ctx.issuer,
    audience: ctx.issuer + DEMO_API_PATH,
    nowMs: () => ctx.clock.nowMs(),
    ...(jwksUri === undefined ? {} : { jwksUri }),
  });
  const mayRead = protect(tokens, { scope: 'notes:read', realm: 'Tiger Notes' });
  const mayWrite = protect(tokens, { scope: 'notes:write', realm: 'Tiger Notes' });

  return {
    async read(http) {
      const admission = await mayRead(http);
      if (admission.kind === 'refused') return refused(admission);
      return json(200, { notes: notes.all(), seen: whatItSaw(admission.token) });
    },
    async write(http) {
      const admission = await mayWrite(http);
      if (admission.kind === 'refused') return refused(admission);
      const text = readText(http);
      if (text === undefined)
        return json(400, { error: 'invalid_request', error_description: `needs JSON {"text": "1 to ${MAX_NOTE} characters"}` });
      const note = notes.write(text, admission.token.subject, http.nowMs);
      return json(201, { note, seen: whatItSaw(admission.token) });
    },
  };
}

/** What the API read out of the token: this much, and nothing of the person behind it, it learns from Hufu. */
function whatItSaw(token: LiveToken): object {
  return {
    iss: token.issuer,
    aud: token.claims['aud'],
    sub: token.subject,
    client_id: token.clientId,
    scope: token.scopes.join(' '),
    jti: token.tokenId,
    exp: token.expiresAt,
  };
}

function readText(http: HttpRequest): string | undefined {
  if (!/^application\/json(?:\s*;|$)/i.test(String(http.headers['content-type'] ?? ''))) return undefined;
  try {
    const body: { readonly text?: unknown } | null = Object(JSON.parse(http.body));
    const text = typeof body?.text === 'string' ? body.text.trim() : '';
    return text !== '' && text.length <= MAX_NOTE && text.isWellFormed() ? text : undefined;
  } catch {
    return undefined;
  }
}

interface Refusal {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly error: { readonly code: string; readonly description: string } | undefined;
}

function refused({ status, headers, error }: Refusal): HttpReply {
  if (error === undefined) return { status, headers, body: '' };
  return json(status, { error: error.code, error_description: error.description }, headers);
}

function json(status: number, body: object, headers: Readonly<Record<string, string>> = {}): HttpReply {
  const own = { 'content-type': 'application/json', 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' };
  return { status, headers: { ...own, ...headers }, body: `${JSON.stringify(body, undefined, 2)}\n` };
}

/**
 * The keys by the socket that this very process listens on: in a container, or behind a proxy, the issuer's address may not lead back to
 * it from here. Undefined where that socket cannot be named so; then the issuer's metadata says.
 */
export function ownJwksUri({ issuer, listen, tls }: Pick<Config, 'issuer' | 'listen' | 'tls'>): string | undefined {
  const isEverywhere = listen.host === undefined || listen.host === '0.0.0.0' || listen.host === '::';
  const isHere = isEverywhere || listen.host === '127.0.0.1';
  if (tls !== undefined || !isHere || listen.port === 0 || !issuer.startsWith('http:')) return undefined;
  return `http://127.0.0.1:${listen.port}/oauth/jwks`;
}
