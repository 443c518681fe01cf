import type { ReturnAddress } from '../authorize/authorization-request.ts';
import type { Context } from '../context.ts';
import { sha256 } from '../tokens/secrets.ts';
import type { BrowserSession } from './browser-session.ts';
import { browserState } from './browser-state.ts';

/**
 * `session_state` of an authentication response (OpenID Connect Session Management §2): a salted hash over the client, its origin and the
 * browser state, which our own page at `/oauth/check_session` makes again. Undefined where the answer goes to no origin: a program's own
 * scheme has no frames.
 */
export function sessionState(ctx: Context, { client, redirectUri }: ReturnAddress, { session }: BrowserSession): string | undefined {
  const origin = URL.parse(redirectUri)?.origin ?? 'null';
  if (origin === 'null') return undefined;
  const salt = ctx.random.text(24);
  return `${sha256(`${client.id} ${origin} ${browserState(ctx, session.id)} ${salt}`)}.${salt}`;
}
