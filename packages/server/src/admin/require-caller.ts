import type { AnyOperation } from '@hufu/protocol/admin/operation';
import { covers, type Role, roleOfScopes, scopesFor } from '@hufu/protocol/admin/roles';
import { OAuthError } from '@hufu/protocol/errors';
import type { UserRecord } from '@hufu/store/port';
import { isActive } from '../accounts/is-active.ts';
import { type Client, findStoredClient } from '../clients.ts';
import type { Context } from '../context.ts';
import type { Trail } from '../decisions/trail.ts';
import type { HttpRequest } from '../http.ts';
import { requireSender } from '../sender/require-sender.ts';
import { adminResource, isAdministrative, mayAskForPeople } from '../tokens/own-apis.ts';
import type { LiveAccessToken } from '../tokens/read-access-token.ts';
import { findRole } from './administrator-role.ts';
import { requireShownToken, requireTokenFor } from './own-api-token.ts';
import { AdminRefusal } from './refusal.ts';

/** A person who does what is dangerous has proved themselves in the last so many seconds (RFC 9470 §3). */
export const RECENT_SECONDS = 300;

/** Who calls the admin API: a program for itself, or a person. */
export interface Caller {
  readonly client: Client;
  readonly text: string;
  readonly token: LiveAccessToken;
  /** Undefined: the client for itself. */
  readonly user: UserRecord | undefined;
  /** What they may do: of a person the smaller of role and scopes; undefined where only a narrower scope lets them in. */
  readonly role: Role | undefined;
  /** Those of the token that count. */
  readonly scopes: readonly string[];
  /** As changes are signed: the client’s id, or `user:SUB`. */
  readonly name: string;
}

/**
 * Who calls, if they may do this operation at all. Throws `invalid_token` for a token that is none for the admin API (an exchanged one never is), `insufficient_scope`,
 * and `access_denied` where a person has not the role: it is looked up each time, so that what is taken away is gone at once.
 */
export async function requireCaller(ctx: Context, request: HttpRequest, operation: AnyOperation, trail: Trail): Promise<Caller> {
  const now = Math.floor(request.nowMs / 1000);
  const shown = requireShownToken(request, trail);
  const token = await requireTokenFor(ctx, shown.text, adminResource(ctx.issuer), trail, now);
  const caller = await readCaller(ctx, shown.text, token, now);
  const enough = scopesFor(operation);
  if (!enough.some((scope) => caller.scopes.includes(scope)))
    throw new OAuthError('insufficient_scope', `the access token does not have the scope ${enough[0] ?? ''}`);
  await requireSender(ctx, request, { ...shown, token }, trail, now);
  if (caller.user === undefined) return caller;
  trail.at('admin_role');
  const role = await findRole(ctx, caller.user);
  if (role === undefined) throw new AdminRefusal('access_denied', 'whoever is signed in is no administrator');
  if (!covers(role, operation.role))
    throw new AdminRefusal('access_denied', `this needs the role ${operation.role}`, { detail: `the role is ${role}` });
  const scoped = roleOfScopes(caller.scopes);
  return { ...caller, role: scoped !== undefined && covers(scoped, role) ? role : scoped };
}

/** Throws `insufficient_user_authentication` where a person has proved themselves too long ago for what is dangerous. A program has nobody to ask. */
export function requireRecent({ user, token }: Caller, trail: Trail, now: number): void {
  if (user === undefined) return;
  trail.at('admin_recent');
  const { authTime } = token.grant;
  if (authTime !== undefined && authTime + RECENT_SECONDS >= now) return;
  throw new OAuthError('insufficient_user_authentication', 'this needs a sign-in of the last five minutes', {
    detail: authTime === undefined ? 'nobody says when' : `it was ${now - authTime} seconds ago`,
  });
}

async function readCaller(ctx: Context, text: string, token: LiveAccessToken, now: number): Promise<Caller> {
  const { userId, subject, clientId, parentId, actor, authTime } = token.grant;
  const client = await findStoredClient(ctx, clientId);
  if (parentId !== undefined || actor !== undefined)
    throw new OAuthError('invalid_token', 'the access token was exchanged for another', { detail: subject });
  const isThere = client !== undefined && client.record.enabled;
  if (userId === undefined) {
    if (subject !== clientId) throw new OAuthError('invalid_token', 'the access token is not a client’s own', { detail: subject });
    if (!isThere) throw new OAuthError('insufficient_scope', 'the client may not use the admin API');
    const scopes = token.scopes.filter((scope) => isAdministrative(client, scope));
    return { client, text, token, user: undefined, role: roleOfScopes(scopes), scopes, name: clientId };
  }
  const user = await ctx.store.findUser(ctx.tenant, userId);
  if (user === undefined || !isActive(user, now)) throw new OAuthError('invalid_token', 'the user is not active', { detail: subject });
  if (authTime === undefined) throw new OAuthError('invalid_token', 'nobody signed in for this access token', { detail: subject });
  if (!isThere) throw new OAuthError('insufficient_scope', 'the client may not use the admin API');
  const scopes = token.scopes.filter((scope) => mayAskForPeople(client, scope));
  return { client, text, token, user, role: roleOfScopes(scopes), scopes, name: `user:${user.sub}` };
}
