import type { Clock } from '../clock.ts';
import { isLive } from './lifetime.ts';
import { nextRefresh, type SessionRecord } from './record.ts';
import type { Renewer } from './renewer.ts';

/** Takes a session that is over here back at the server (RFC 7009); that it fails is nobody's to know. */
export async function revokeSession(renewer: Renewer, over: SessionRecord | undefined, clock: Clock): Promise<void> {
  if (over === undefined) return;
  const refresh = nextRefresh(over);
  // With a refresh token goes its grant; without one there is nothing but what was handed out.
  const asked =
    refresh === undefined
      ? Object.values(over.access)
          .filter((access) => isLive(access, clock.nowMs()))
          .map(({ token }) => renewer.revoke(token, 'access_token'))
      : [renewer.revoke(refresh)];
  await Promise.allSettled(asked);
}
