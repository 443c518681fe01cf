import type { ClientId } from '@hufu/protocol/ids';

/**
 * That a client has been told of a session in an ID token, and wants to hear of its end. Written with what `createGrant` or
 * `admit` answers, once for each session, client and `sid`. Follows the session when a sign-in of the same user replaces it (with
 * the `sid` that the client knows); falls with it. Told again it says what the client wants by now. At most 200 of one session; later ones
 * are left out. It needs a session (else a `TypeError`).
 */
export interface Participation {
  /** The `sid` of the ID token; at most 64 characters. */
  readonly sid: string;
  /** Whether a `Delivery` is due when the session ends. */
  readonly backchannel: boolean;
}

export interface Participant {
  readonly clientId: ClientId;
  readonly sid: string;
  /** The `sub` that the client knows the user by. */
  readonly subject: string;
  readonly backchannel: boolean;
}
