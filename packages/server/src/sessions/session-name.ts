import type { SessionId } from '@hufu/protocol/ids';
import type { Context } from '../context.ts';

/** The `sid` of a session (OpenID Connect Front-Channel Logout §3): the same for all its tokens, and says nothing of how many there are. */
export function sessionName(ctx: Context, id: SessionId): string {
  return ctx.keys.tally.permutation.permute(id).toString(36);
}
