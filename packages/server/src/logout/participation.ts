import type { Participation, SessionRecord } from '@hufu/store/port';
import type { Client } from '../clients.ts';
import type { Context } from '../context.ts';

/** STAND-IN until part E: whether the client wants to hear of the session's end. */
export function participationOf(_ctx: Context, _client: Client, _session: SessionRecord): Participation | undefined {
  return undefined;
}
