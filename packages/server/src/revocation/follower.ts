import { OAuthError } from '@hufu/protocol/errors';
import { readForm } from '@hufu/protocol/form';
import type { ClientId } from '@hufu/protocol/ids';
import { type ApiRules, readCaller, requireApiToken } from '../admin/require-api-token.ts';
import { authenticateClient } from '../client-auth/authenticate-client.ts';
import { type Client, findStoredClient } from '../clients.ts';
import type { Context } from '../context.ts';
import { Trail } from '../decisions/trail.ts';
import type { HttpRequest } from '../http.ts';
import { mayFollowRevocations, REVOCATIONS_SCOPE, revocationsResource } from '../tokens/own-apis.ts';

/** A client that follows the revocation log. */
export interface Follower {
  /** '' for one of this very process. */
  readonly clientId: ClientId | '';
  /** Seconds since 1970: when its access token ends. Undefined where it has proved itself otherwise. */
  readonly endsAt: number | undefined;
  /** Throws where it may not follow any longer. */
  checkAgain(): Promise<void>;
}

/**
 * Who may follow: a confidential client that an administrator let, by client authentication that needs no body (RFC 6749 §2.3.1), or by an access token for it. Throws
 * `invalid_client`, `invalid_token` and `insufficient_scope`.
 */
export async function requireFollower(ctx: Context, request: HttpRequest, trail: Trail): Promise<Follower> {
  return isToken(request) ? await byToken(ctx, request, trail) : await byAuthentication(ctx, request, trail);
}

/** Whether it comes with an access token: then its refusal is one of a resource. */
export function isToken({ headers }: HttpRequest): boolean {
  const { authorization } = headers;
  return typeof authorization === 'string' && /^(?:bearer|dpop) /i.test(authorization);
}

async function byToken(ctx: Context, request: HttpRequest, trail: Trail): Promise<Follower> {
  const rules: ApiRules = { resource: revocationsResource(ctx.issuer), scope: REVOCATIONS_SCOPE, isOpenTo: mayFollowRevocations };
  const { client, text, token } = await requireApiToken(ctx, request, rules, trail);
  return {
    clientId: client.id,
    endsAt: token.expiresAt,
    checkAgain: async () => void (await readCaller(ctx, text, rules, new Trail(), nowOf(ctx))),
  };
}

async function byAuthentication(ctx: Context, request: HttpRequest, trail: Trail): Promise<Follower> {
  const client = await authenticateClient(ctx, request, readForm(''), trail, Math.floor(request.nowMs / 1000));
  trail.at('feed_reader');
  requireAllowed(client);
  return {
    clientId: client.id,
    endsAt: undefined,
    async checkAgain() {
      const now = await findStoredClient(ctx, client.id);
      const isSame = now?.record.enabled === true && now.record.epoch === client.record.epoch;
      if (!isSame) throw new OAuthError('invalid_client', 'client authentication failed');
      requireAllowed(now);
      // What may be shown more than once is: a secret that was changed is worth nothing any more.
      if (now.metadata.tokenEndpointAuthMethod === 'client_secret_basic')
        await authenticateClient(ctx, { ...request, nowMs: ctx.clock.nowMs() }, readForm(''), new Trail(), nowOf(ctx));
    },
  };
}

function requireAllowed(client: Client): void {
  if (mayFollowRevocations(client)) return;
  throw new OAuthError('access_denied', 'the client may not follow the revocation log', {
    detail: 'it has neither hufu.follows_revocations nor hufu.resource_server_of',
  });
}

function nowOf(ctx: Context): number {
  return Math.floor(ctx.clock.nowMs() / 1000);
}
