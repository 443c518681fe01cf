import { appendToRedirect } from '@hufu/protocol/redirect-uri';
import type { Participant } from '@hufu/store/port';
import { findStoredClient } from '../clients.ts';
import type { Context } from '../context.ts';

/** A client that the browser tells, and the `sid` that it knows the session by. */
export type Told = Pick<Participant, 'clientId' | 'sid'>;

/** Frames of one page: a person waits for them, and their origins stand in a header. */
export const MAX_FRAMES = 40;

/**
 * The addresses that a page loads into hidden frames after a sign-out (OpenID Connect Front-Channel Logout §2, §3): the `frontchannel_logout_uri`
 * that each client has in the store, with `iss` and `sid`: whoever signs out waits for nobody's document (attacks LOG-10). Clients that are gone, switched off, or have none are left out.
 */
export async function frontchannelFrames(ctx: Context, told: readonly Told[]): Promise<readonly string[]> {
  const frames: string[] = [];
  for (const { clientId, sid } of told) {
    if (frames.length === MAX_FRAMES) break;
    const client = await findStoredClient(ctx, clientId);
    const uri = client?.metadata.frontchannelLogout?.uri;
    if (client?.record.enabled === true && uri !== undefined) frames.push(withSession(uri, ctx.issuer, sid));
  }
  return frames;
}

function withSession(uri: string, issuer: string, sid: string): string {
  const hash = uri.indexOf('#');
  const address = hash < 0 ? uri : uri.slice(0, hash);
  const fields = [
    ['iss', issuer],
    ['sid', sid],
  ] as const;
  return appendToRedirect(address, fields, 'query');
}
