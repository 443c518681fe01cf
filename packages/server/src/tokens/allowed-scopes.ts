import type { Client } from '../clients.ts';
import type { Context } from '../context.ts';
import { OPENID_SCOPES } from './resources.ts';

/**
 * The scopes a client may ask for: its registered `scope` (RFC 7591 §2), or, where a client of the configuration names none, all that
 * there are; `hufu doctor` points such clients out.
 */
export function allowedScopes(ctx: Context, client: Client): readonly string[] {
  return client.metadata.scopes ?? [...OPENID_SCOPES, ...new Set(ctx.config.resources.flatMap((resource) => resource.scopes))];
}
