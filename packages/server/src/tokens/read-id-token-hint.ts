import { readJwt } from '@hufu/protocol/jwt';
import type { Context } from '../context.ts';

/** What an ID token of ours says that a hint is worth: whom it names, to which client, in which session. */
export interface IdTokenHint {
  readonly sub: string;
  readonly aud: string;
  readonly sid: string | undefined;
}

/**
 * A genuine ID token of ours, expired or not (OpenID Connect Core §3.1.2.1, RP-Initiated Logout §2): signed by a key we still have,
 * `typ: JWT`, `aud` one client. Undefined for anything else.
 */
export function readIdTokenHint(ctx: Context, text: string, now: number): IdTokenHint | undefined {
  const jwt = readJwt(text);
  if (jwt === undefined || jwt.header['typ'] !== 'JWT' || typeof jwt.header['kid'] !== 'string') return undefined;
  const key = ctx.keys.verifierFor(jwt.header['kid'], now);
  if (key === undefined || key.alg !== jwt.header.alg || !key.verify(jwt.signingInput, jwt.signature)) return undefined;
  const { iss, sub, aud, sid } = jwt.payload;
  if (iss !== ctx.issuer || typeof sub !== 'string' || typeof aud !== 'string') return undefined;
  return { sub, aud, sid: typeof sid === 'string' ? sid : undefined };
}
