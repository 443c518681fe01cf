import { OAuthError } from '@hufu/protocol/errors';

/** The `act` claim (RFC 8693 §4.1): who acts, and within it who did before. */
export interface Actor {
  readonly sub: string;
  /** The client that acts, whoever stands behind it. */
  readonly client_id?: string;
  readonly iss?: string;
  readonly act?: Actor;
}

/** Actors within one another (RFC 8693 §4.1). */
const MAX_ACTORS = 4;

/**
 * Reads an `act` claim: names alone, and no deeper than allowed. Throws `invalid_request`.
 *
 * @param issuer whose names they are where they do not say: those of another issuer are none of ours.
 */
export function readActor(value: unknown, issuer: string | undefined, depth = 1): Actor {
  const { sub, client_id: clientId, iss, act }: Readonly<Record<string, unknown>> = Object(value);
  if (typeof sub !== 'string' || sub === '' || sub.length > 255 || depth > MAX_ACTORS)
    throw new OAuthError('invalid_request', 'the act claim of the subject token does not read');
  return {
    sub,
    ...(isName(clientId) ? { client_id: clientId } : {}),
    ...(isName(iss) ? { iss } : issuer === undefined ? {} : { iss: issuer }),
    ...(act === undefined ? {} : { act: readActor(act, issuer, depth + 1) }),
  };
}

/** Throws `invalid_request` for more actors within one another than are kept. */
export function requireDepth(actor: Actor): void {
  if (depthOf(actor) > MAX_ACTORS) throw new OAuthError('invalid_request', `more than ${MAX_ACTORS} would act for one another`);
}

function depthOf(actor: Actor): number {
  return actor.act === undefined ? 1 : 1 + depthOf(actor.act);
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= 1024;
}
