import type { Participation, SessionRecord } from '@hufu/store/port';
import type { Client } from '../clients.ts';
import type { Context } from '../context.ts';
import { sidFor } from '../sessions/session-name.ts';

/**
 * That a client which is about to be told of a session wants to hear of its end, by the browser (OpenID Connect Front-Channel Logout §2) or
 * from here (Back-Channel Logout §2.2). Undefined for a client that has registered neither.
 */
export function participationOf(ctx: Context, client: Client, session: SessionRecord): Participation | undefined {
  const { frontchannelLogout, backchannelLogout } = client.metadata;
  if (frontchannelLogout === undefined && backchannelLogout === undefined) return undefined;
  return { sid: sidFor(ctx, client, session.id), backchannel: backchannelLogout !== undefined };
}
