import type { GrantRecord } from '@hufu/store/port';
import type { Client } from '../clients.ts';
import type { Context } from '../context.ts';
import { rotates } from './refresh-token.ts';

/**
 * How long a grant lives from its exchange on: with refresh tokens as the client or the policy has it, without them as long as its one access token.
 *
 * @param sessionExpiresAt the end of the session that a grant which is not offline lives in.
 */
export function grantLifetimes(
  ctx: Context,
  { client, now }: { readonly client: Client; readonly now: number },
  grant: Pick<GrantRecord, 'offline'>,
  sessionExpiresAt: number,
  refresh: boolean,
  accessTokenTtl: number,
): { readonly expiresAt: number; readonly idleSeconds: number } {
  if (!refresh) return { expiresAt: now + accessTokenTtl, idleSeconds: 0 };
  const { absoluteSeconds, idleSeconds } = ctx.config.policies.refreshTokens;
  const end = now + (client.metadata.settings.refreshToken.absoluteSeconds ?? absoluteSeconds);
  const expiresAt = grant.offline ? end : Math.max(now + 1, Math.min(end, sessionExpiresAt));
  // Where nothing rotates there is no last rotation to count from: only the end counts.
  const idle = rotates(client) ? (client.metadata.settings.refreshToken.idleSeconds ?? idleSeconds) : expiresAt - now;
  return { expiresAt, idleSeconds: Math.max(1, idle) };
}
