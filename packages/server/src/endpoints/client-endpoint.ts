import { countedAddress } from '@hufu/flow/address';
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

/**
 * What the token, introspection and revocation endpoints have in common (RFC 6749 §3.2, RFC 7009 §2.1, RFC 7662 §2.1): a form, a client
 * that proves itself, and a JSON error with a decision when either fails or `act` throws. Scripts on the client's own origins may read both.
 *
 * @param name as decisions call the endpoint.
 * @param authenticate how its clients prove themselves.
 * @param before see `BeforeProof`.
 */
export async function clientEndpoint(
  ctx: Context,
  request: HttpRequest,
  name: string,
  act: (call: ClientCall) => Promise<HttpReply>,
  { authenticate = authenticateClient, before }: { readonly authenticate?: typeof authenticateClient; readonly before?: BeforeProof } = {},
): Promise<HttpReply> {
  const trail = new Trail();
  let origins: readonly string[] | undefined;
  let reply: HttpReply;
  let told: ReplyHeaders | undefined;
  // Before what may ask for a nonce: that is for the client's scripts to read (RFC 9449 §8).
  const first: BeforeProof = (...known) => {
    const [, , client] = known;
    if (request.headers['origin'] !== undefined) origins = originsOf(client);
    before?.(...known);
  };
  try {
    trail.at('parameters');
    const form = requireForm(request);
    const now = Math.floor(request.nowMs / 1000);
    const client = await authenticate(ctx, request, form, trail, now, first);
    await admitProven(ctx, request, { client: countedClient(client, request.address) }, trail, (headers) => (told = headers));
    reply = await act({ client, form, trail, address: request.address, now });
  } catch (error) {
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
