import type { Client } from '../clients.ts';
import type { Context } from '../context.ts';
import { OWN_API_SCOPES } from './own-apis.ts';
import { OPENID_SCOPES } from './resources.ts';

const allowed = new WeakMap<Client, readonly string[]>();
const ofMachine = new WeakMap<Client, readonly string[]>();

/**
 * The scopes a client may ask for: its registered `scope` (RFC 7591 §2), or, where a client of the configuration names none, all that
 * there are; `hufu doctor` points such clients out. A client that registered itself without a `scope` has those about the user alone,
 * unless its profile says otherwise: it could have registered every one. Made once for each version of the client.
 */
export function allowedScopes(ctx: Context, client: Client): readonly string[] {
  if (client.metadata.scopes !== undefined) return client.metadata.scopes;
  let scopes = allowed.get(client);
  if (scopes === undefined) {
    const isAboutUser = client.record.source !== 'config' && client.metadata.rules.unsaidScope === 'about_user';
    const others = isAboutUser ? [] : ctx.config.resources.flatMap((resource) => resource.scopes);
    scopes = [...OPENID_SCOPES, ...new Set(others)];
    allowed.set(client, scopes);
  }
  return scopes;
}

/** Those it may ask for on its own behalf: none that is about a user, and none of our own APIs (`own-apis.ts`). Made once for each version of the client. */
export function ownScopes(ctx: Context, client: Client): readonly string[] {
  let scopes = ofMachine.get(client);
  if (scopes === undefined) {
    scopes = allowedScopes(ctx, client).filter((scope) => !OPENID_SCOPES.has(scope) && !OWN_API_SCOPES.has(scope));
    ofMachine.set(client, scopes);
  }
  return scopes;
}
