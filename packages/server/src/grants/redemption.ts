import type { Confirmation } from '@hufu/protocol/confirmation';
import type { GrantRecord, Redemption } from '@hufu/store/port';
import type { Client } from '../clients.ts';
import type { ResourceConfig } from '../config/config.ts';
import type { Context } from '../context.ts';
import { deviceLimit } from '../sessions/device-limit.ts';
import { accessTokenTtl } from '../tokens/access-token-ttl.ts';
import { derivedSecret, sha256 } from '../tokens/secrets.ts';
import { refreshKey } from './refresh-key.ts';
import { rotates } from './refresh-token.ts';

/** What a grant becomes that is exchanged. */
export interface Redeemed {
  readonly client: Client;
  readonly grant: Pick<GrantRecord, 'offline'>;
  /** The holder's. */
  readonly secret: string;
  /** Of its first access token. */
  readonly resource: ResourceConfig;
  /** Whether there are refresh tokens, the client's registration permitting. */
  readonly refresh: boolean;
  /** The end of the session that a grant which is not offline lives in; undefined where it lives in none. */
  readonly sessionExpiresAt?: number;
  /** The keys of the client's instance and of the sender, as `TokenRequest` has them. */
  readonly instance: Confirmation | undefined;
  readonly confirmation: Confirmation | undefined;
  readonly now: number;
}

/**
 * The first and only exchange of a grant, generation 0 → 1, as the store writes it. It lives as long as the client or the policy has it where there are refresh
 * tokens, else as long as its one access token.
 */
export function redemption(ctx: Context, redeemed: Redeemed): Redemption {
  const { client, secret } = redeemed;
  return {
    secretHash: sha256(secret),
    accessHash: sha256(derivedSecret(secret)),
    keyId: ctx.keys.sealKeyId,
    boundKey: refreshKey(redeemed),
    ...refreshLifetimes(ctx, redeemed),
    maxGrants: client.metadata.settings.maxGrantsPerUser,
    devices: deviceLimit(client),
  };
}

/** How long a grant lives that is exchanged now, and how long between two refreshes. */
export function refreshLifetimes(
  ctx: Context,
  { client, grant, resource, refresh, sessionExpiresAt = 0, now }: Omit<Redeemed, 'secret' | 'instance' | 'confirmation'>,
): Pick<Redemption, 'expiresAt' | 'idleSeconds'> {
  const { grantTypes, settings } = client.metadata;
  if (!refresh || !grantTypes.includes('refresh_token')) return { expiresAt: now + accessTokenTtl(client, resource), idleSeconds: 0 };
  const { absoluteSeconds, idleSeconds } = ctx.config.policies.refreshTokens;
  const end = now + (settings.refreshToken.absoluteSeconds ?? absoluteSeconds);
  const expiresAt = grant.offline ? end : Math.max(now + 1, Math.min(end, sessionExpiresAt));
  // Where nothing rotates there is no last rotation to count from: only the end counts.
  const idle = rotates(client) ? (settings.refreshToken.idleSeconds ?? idleSeconds) : expiresAt - now;
  return { expiresAt, idleSeconds: Math.max(1, idle) };
}
