import { encryptToClient } from '../client-keys/encrypt-to-client.ts';
import { type Client, isVouchedFor } from '../client-record.ts';
import type { Context } from '../context.ts';
import { responseSigner } from '../tokens/response-signer.ts';

/** Seconds: it is sent the moment it is made (Back-Channel Logout §2.4 asks for two minutes at most). */
const LOGOUT_TOKEN_LIFETIME = 120;

/** Says that a JWT is about a sign-out. */
const LOGOUT_EVENT = 'http://schemas.openid.net/event/backchannel-logout';

/** Whose session has ended, in the words of the client that is told. */
export interface EndedSession {
  readonly subject: string;
  readonly sid: string;
}

/**
 * A logout token for one client (OpenID Connect Back-Channel Logout §2.4): signed and encrypted as its ID tokens are. It has a `typ` of its own
 * and no `nonce`, so that it is never taken for one.
 *
 * Throws `server_error` where the key that the client registered cannot be had.
 */
export function issueLogoutToken(ctx: Context, client: Client, session: EndedSession, now: number): string | Promise<string> {
  const { idTokenSignedResponseAlg, idTokenEncryption } = client.metadata;
  const claims = {
    iss: ctx.issuer,
    ...(mayHearSubject(client) ? { sub: session.subject } : {}),
    aud: client.id,
    iat: now,
    exp: now + LOGOUT_TOKEN_LIFETIME,
    jti: ctx.random.text(24),
    events: { [LOGOUT_EVENT]: {} },
    sid: session.sid,
  };
  const signed = responseSigner(ctx, client, idTokenSignedResponseAlg, now).sign(claims, 'logout+jwt');
  return idTokenEncryption === undefined ? signed : encryptToClient(ctx, client, idTokenEncryption, signed, 'JWT', now);
}

/**
 * A stranger may register somebody else's redirect URI, and with it the sector that it stands for; the code would be lost on it, but its own
 * logout URI would hear the user's `sub` there. With a `sector_identifier_uri` the sector has vouched for it. `sid` says enough (§2.4).
 */
function mayHearSubject({ metadata, record }: Client): boolean {
  return metadata.subjectType === 'public' || isVouchedFor(record) || metadata.sectorIdentifierUri !== undefined;
}
