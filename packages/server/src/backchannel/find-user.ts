import { OAuthError } from '@hufu/protocol/errors';
import type { UserRecord } from '@hufu/store/port';
import { isActive } from '../accounts/is-active.ts';
import type { Client } from '../clients.ts';
import type { Context } from '../context.ts';
import type { Trail } from '../decisions/trail.ts';
import { noteUnknownUser } from '../pending/throttle.ts';
import { readSessionName } from '../sessions/session-name.ts';
import { type IdTokenHint, readIdTokenHint } from '../tokens/read-id-token-hint.ts';
import { subjectFor } from '../tokens/subject.ts';
import type { Parameters } from './parameters.ts';

const HINTS = ['login_hint', 'id_token_hint', 'login_hint_token'] as const;
const MAX_LOGIN_HINT = 256;
/** Newest grants of the client that are looked through for a subject. */
const MAX_GRANTS = 1_000;

/**
 * The active user whom a request names by exactly one hint (OpenID Connect CIBA §7.1): `login_hint` is a user name, `id_token_hint` an ID token that we gave
 * this very client. Throws `invalid_request`, or `unknown_user_id` for a user who is not there, switched off or locked: they look alike.
 */
export async function findHintedUser(ctx: Context, client: Client, parameters: Parameters, trail: Trail, now: number): Promise<UserRecord> {
  trail.at('login_hint');
  const given = HINTS.filter((name) => parameters.get(name) !== undefined);
  const [hint, second] = given;
  if (hint === undefined || second !== undefined)
    throw new OAuthError('invalid_request', 'exactly one hint says whom the request is about', { detail: given.join(' ') || 'none' });
  if (hint === 'login_hint_token') throw new OAuthError('invalid_request', 'login_hint_token is not supported here');
  const text = parameters.get(hint) ?? '';
  const user = hint === 'login_hint' ? await findByName(ctx, text) : await findByIdToken(ctx, client, text, now);
  if (user !== undefined && isActive(user, now)) return user;
  await noteUnknownUser(ctx, client);
  throw new OAuthError('unknown_user_id', 'the hint names nobody who is known here');
}

function findByName(ctx: Context, name: string): Promise<UserRecord | undefined> {
  return name.length > MAX_LOGIN_HINT ? Promise.resolve(undefined) : ctx.store.findUserByName(ctx.tenant, name);
}

async function findByIdToken(ctx: Context, client: Client, text: string, now: number): Promise<UserRecord | undefined> {
  const hint = await readIdTokenHint(ctx, text, now);
  if (hint === undefined) throw new OAuthError('invalid_request', 'id_token_hint is not an ID token of this server');
  if (hint.aud !== client.id) throw new OAuthError('invalid_request', 'id_token_hint was issued to another client');
  const user = (await findBySession(ctx, client, hint)) ?? (await findByGrant(ctx, client, hint));
  return user !== undefined && subjectFor(ctx, client, user) === hint.sub ? user : undefined;
}

/** By the session that the ID token names. A pairwise client's `sid` leads back to none. */
async function findBySession(ctx: Context, client: Client, { sid }: IdTokenHint): Promise<UserRecord | undefined> {
  const id = sid === undefined || client.metadata.subjectType === 'pairwise' ? undefined : readSessionName(ctx, sid);
  const session = id === undefined ? undefined : await ctx.store.findSession(ctx.tenant, id);
  return session === undefined ? undefined : ctx.store.findUser(ctx.tenant, session.userId);
}

/** By a living grant of the client: a pairwise `sub` leads back to nobody by itself (OpenID Connect Core §8.1). */
async function findByGrant(ctx: Context, client: Client, { sub }: IdTokenHint): Promise<UserRecord | undefined> {
  const grants = await ctx.store.listGrants(ctx.tenant, { clientId: client.id }, MAX_GRANTS);
  const userId = grants.find(({ subject, userId: owner }) => subject === sub && owner !== undefined)?.userId;
  return userId === undefined ? undefined : ctx.store.findUser(ctx.tenant, userId);
}
