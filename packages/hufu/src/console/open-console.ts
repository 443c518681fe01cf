import { randomBytes } from 'node:crypto';
import { CONSOLE_PATH } from '@hufu/server/console-client';
import type { Context } from '@hufu/server/context';
import type { HttpReply, HttpRequest } from '@hufu/server/http';
import { CONSOLE_API_PATH, callForSession } from './console-api.ts';
import { consoleFiles } from './console-files.ts';
import { consoleSessions } from './console-sessions.ts';

/** The console at work. */
export interface OpenConsole {
  answer(http: HttpRequest): Promise<HttpReply>;
  close(): Promise<void>;
}

/** Everything below `/console`: the endpoints of its token handler, the admin API for its sessions, and its files. Any other address is a page of the console, which is one document. */
export function openConsole(ctx: Context, tell: (line: string) => void): OpenConsole {
  const sessions = consoleSessions(ctx);
  const files = consoleFiles(tell);
  return {
    async answer(http) {
      if (http.path.startsWith(`${CONSOLE_API_PATH}/`)) return await callForSession(ctx, sessions, http);
      const reply = await sessions.answer(http);
      if (reply !== undefined) return reply;
      if (http.method !== 'GET' && http.method !== 'HEAD') return plain(405, 'only GET here\n', { allow: 'GET, HEAD' });
      if (!http.path.startsWith(`${CONSOLE_PATH}/assets/`)) return page(await files.index());
      const file = await files.find(http.path.slice(CONSOLE_PATH.length + 1), acceptsGzip(http));
      return file === undefined
        ? plain(404, 'there is no such file\n')
        : { status: 200, headers: { ...file.headers, ...SAFE }, body: file.body };
    },
    close: () => sessions.close(),
  };
}

const SAFE = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
} as const;

/** Scripts come from our own files alone; styles too, but for those that the page’s library writes under the nonce of this very answer (attacks ADM-18). */
function page({ text, refresh }: { readonly text: string; readonly refresh: boolean }): HttpReply {
  const nonce = randomBytes(16).toString('base64url');
  const policy = [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
  return {
    status: 200,
    headers: {
      ...SAFE,
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': policy,
      'cache-control': 'no-store',
      'cross-origin-opener-policy': 'same-origin',
      'x-frame-options': 'DENY',
      ...(refresh && { refresh: '2' }),
    },
    body: text.replaceAll('__NONCE__', nonce),
  };
}

function plain(status: number, body: string, more: Readonly<Record<string, string>> = {}): HttpReply {
  return { status, headers: { ...SAFE, 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store', ...more }, body };
}

function acceptsGzip({ headers }: HttpRequest): boolean {
  return typeof headers['accept-encoding'] === 'string' && /\bgzip\b/.test(headers['accept-encoding']);
}
