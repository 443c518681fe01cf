import { countedAddress } from '@hufu/flow/address';
import { OAuthError } from '@hufu/protocol/errors';
import type { Form } from '@hufu/protocol/form';
import { authenticateClient, type BeforeProof } from '../client-auth/authenticate-client.ts';
import type { AuthenticatedClient } from '../client-auth/authenticated-client.ts';
import type { Context } from '../context.ts';
import { Trail } from '../decisions/trail.ts';
import type { HttpReply, HttpRequest } from '../http.ts';
import { admitProven, type ReplyHeaders, telling } from '../limits/admit.ts';
import { originsOf } from '../origins.ts';
import { refusal } from '../reply.ts';
import { withNonce } from '../sender/resource-refusal.ts';
import { requireForm } from './form-body.ts';

/** A form that an authenticated client has sent. */
export interface ClientCall {
  readonly client: AuthenticatedClient;
  readonly form: Form;
  readonly trail: Trail;
  /** The peer, or the client that a trusted proxy named. */
  readonly address: string;
  /** Seconds since 1970. */
  readonly now: number;
}

interface ClientEndpointOptions {
  /** How its clients prove themselves. */
  readonly authenticate?: typeof authenticateClient;
  readonly before?: BeforeProof;
  /** Is told what became of each request that was judged. */
  readonly note?: (judged: JudgedCall, nowMs: number) => void;
}

/** A form that was answered, or refused for a reason that is the client's to hear. */
export interface JudgedCall {
  readonly form: Form;
  /** Undefined where it did not prove itself. */
  readonly client: AuthenticatedClient | undefined;
  readonly trail: Trail;
  readonly refused: OAuthError | undefined;
}

/**
 * What the token, introspection and revocation endpoints have in common (RFC 6749 §3.2, RFC 7009 §2.1, RFC 7662 §2.1): a form, a client
 * that proves itself, and a JSON error with a decision when either fails or `act` throws. Scripts on the client's own origins may read both.
 *
 * @param name as decisions call the endpoint.
 */
export async function clientEndpoint(
  ctx: Context,
  request: HttpRequest,
  name: string,
  act: (call: ClientCall) => Promise<HttpReply>,
  { authenticate = authenticateClient, before, note }: ClientEndpointOptions = {},
): Promise<HttpReply> {
  const trail = new Trail();
  let origins: readonly string[] | undefined;
  let reply: HttpReply;
  let form: Form | undefined;
  let client: AuthenticatedClient | undefined;
  let told: ReplyHeaders | undefined;
  // Before what may ask for a nonce: that is for the client's scripts to read (RFC 9449 §8).
  const first: BeforeProof = (...known) => {
    const [, , client] = known;
    if (request.headers['origin'] !== undefined) origins = originsOf(client);
    before?.(...known);
  };
  try {
    trail.at('parameters');
    form = requireForm(request);
    const now = Math.floor(request.nowMs / 1000);
    client = await authenticate(ctx, request, form, trail, now, first);
    await admitProven(ctx, request, { client: countedClient(client, request.address) }, trail, (headers) => (told = headers));
    reply = await act({ client, form, trail, address: request.address, now });
    note?.({ form, client, trail, refused: undefined }, request.nowMs);
  } catch (error) {
    if (form !== undefined && error instanceof OAuthError && error.status < 500)
      note?.({ form, client, trail, refused: error }, request.nowMs);
    reply = refusal(ctx, name, request, trail, error);
  }
  reply = telling(reply, told);
  if (request.headers['dpop'] !== undefined) reply = withNonce(ctx, request, reply, 'as');
  return origins === undefined ? reply : { ...reply, origins };
}

/** A public client has proved nothing, and anybody may say its id: each source uses up what is its own alone, and is nobody whom a rule names. */
function countedClient({ id, confidential }: AuthenticatedClient, address: string): string {
  return confidential ? id : `${id}\n${countedAddress(address)}`;
}
