import { JWT_BEARER_GRANT, SAML2_BEARER_GRANT, TOKEN_EXCHANGE_GRANT } from '@hufu/protocol/client-metadata';
import { readConfirmation } from '@hufu/protocol/confirmation';
import { Form } from '@hufu/protocol/form';
import { CIBA, DEVICE_CODE } from '@hufu/protocol/grant-type';
import { type GrantId, grantId, userId } from '@hufu/protocol/ids';
import { SECRET_LENGTH, writeHolder } from '@hufu/protocol/tally';
import type { GrantRecord, Store } from '@hufu/store/port';
import type { Mechanism } from '../client-auth/auth-method.ts';
import { authenticateAttempt } from '../client-auth/authenticate-client.ts';
import { authMethods } from '../client-auth/registry.ts';
import { findClient } from '../clients.ts';
import type { Context } from '../context.ts';
import { Trail } from '../decisions/trail.ts';
import { requireGrantType } from '../endpoints/token.ts';
import { writeCodeRequest } from '../grants/code-request.ts';
import { refreshLifetimes } from '../grants/redemption.ts';
import type { TokenFacts } from '../history/facts.ts';
import type { HttpRequest } from '../http.ts';
import { hashPendingSecret } from '../pending/pending-request.ts';
import { findResource } from '../tokens/resources.ts';
import { sha256 } from '../tokens/secrets.ts';
import type { ChangedContext } from './changed-context.ts';
import { type Judgement, judgementOf, NotJudged } from './judgement.ts';

/** Of which the credential is somebody else's token or assertion, which nobody keeps. */
const ASSERTING: readonly string[] = [JWT_BEARER_GRANT, SAML2_BEARER_GRANT, TOKEN_EXCHANGE_GRANT];
/** Stands in for the secret of a credential whose holder has shown theirs. */
const SECRET = 'A'.repeat(SECRET_LENGTH);
/** Of a request that waits for a decision elsewhere. */
const PENDING = 1;

/**
 * Sends a token request once more through the checks of the token endpoint. Proofs were judged when it came: of the client (but that its method is still the registered one), of the sender's key, of a
 * code's verifier; so was what became of the grant by itself.
 *
 * @param minute when it came, in seconds, where nobody knows it better.
 */
export async function judgeToken(changed: ChangedContext, facts: TokenFacts, minute: number): Promise<Judgement> {
  const trail = new Trail();
  const now = facts.at ?? minute;
  try {
    const request = stranger(now);
    const client = await authenticateAttempt(
      changed.ctx,
      { mechanism: mechanismOf(facts), clientId: facts.client, proof: '', request, trail, now },
      (registered) => ({ mechanism: registeredMechanism(facts, registered), prove: () => findMethodFault(facts, registered, trail) }),
      undefined,
    );
    if (facts.grantType === '' && facts.refused?.check !== 'grant_type') throw new NotJudged('its words were too long to be kept');
    const asked: [string, string][] = [['grant_type', facts.grantType]];
    if (facts.scope !== undefined) asked.push(['scope', facts.scope]);
    if (facts.redirectUri !== undefined) asked.push(['redirect_uri', facts.redirectUri]);
    for (const resource of facts.resources) asked.push(['resource', resource]);
    const grant = requireGrantType({ client, form: formOf(asked), trail });
    if (ASSERTING.includes(facts.grantType)) throw new NotJudged('its assertion is not there any more');
    const stand = await standIn(changed, facts, now);
    const form = formOf([...asked, ...stand.credential]);
    const { confirmation } = stand;
    const ctx = changed.with(stand.verbs);
    await grant(ctx, { client, form, trail, address: request.address, confirmation, instance: undefined, now });
    return { kind: 'allowed', scopes: trail.scopes };
  } catch (error) {
    return judgementOf(error, trail);
  }
}

function formOf(fields: readonly (readonly [string, string])[]): Form {
  return new Form(
    fields.map(([name]) => name),
    fields.map(([, value]) => value),
    [],
    [],
  );
}

function stranger(now: number): HttpRequest {
  return { method: 'POST', path: '/oauth/token', query: '', headers: {}, body: '', address: '192.0.2.1', nowMs: now * 1000 };
}

function mechanismOf({ auth }: TokenFacts): Mechanism {
  return authMethods.get(auth)?.mechanism ?? 'none';
}

/** Where it is not known how the client proved itself, its method is no reason. */
function registeredMechanism(facts: TokenFacts, registered: string): Mechanism {
  const isKnown = facts.auth !== '' && facts.grantType !== JWT_BEARER_GRANT;
  return (isKnown ? authMethods.get(registered)?.mechanism : undefined) ?? mechanismOf(facts);
}

function findMethodFault(facts: TokenFacts, registered: string, trail: Trail): string | undefined {
  trail.at('client_authentication');
  if (facts.auth === '') throw new NotJudged('it had not proved itself');
  if (registered === facts.auth || facts.grantType === JWT_BEARER_GRANT) return undefined;
  return `the client is registered for ${registered} and used ${facts.auth}`;
}

/** What the request showed, in the place of what nobody keeps. */
interface StandIn {
  readonly credential: readonly (readonly [string, string])[];
  readonly verbs: Partial<Store>;
  readonly confirmation: ReturnType<typeof readConfirmation>;
}

const NONE: StandIn = { credential: [], verbs: {}, confirmation: undefined };

async function standIn(changed: ChangedContext, facts: TokenFacts, now: number): Promise<StandIn> {
  switch (facts.grantType) {
    case 'client_credentials':
      return NONE;
    case 'password':
      return await standInPassword(changed, facts);
    default:
      return standInGrant(changed, facts, await findGrantThen(changed, facts, now));
  }
}

/** Whoever gave the right password: active then, and with nothing else to show. */
async function standInPassword({ ctx }: ChangedContext, { user: id }: TokenFacts): Promise<StandIn> {
  const user = id === undefined ? undefined : await ctx.store.findUser(ctx.tenant, userId(id));
  if (user === undefined) throw new NotJudged('whose password it was is not known');
  const then = { ...user, enabled: true, lockedUntil: undefined };
  return {
    ...NONE,
    credential: [
      ['username', user.username],
      ['password', '-'],
    ],
    verbs: { findUserByName: () => Promise.resolve(then), listFactors: () => Promise.resolve([]) },
  };
}

/** The grant as it was: alive, with the lifetimes that the changed configuration would have given it. */
async function findGrantThen({ ctx, ends }: ChangedContext, facts: TokenFacts, now: number): Promise<GrantRecord> {
  const grant = facts.grant === undefined ? undefined : await ctx.store.findGrant(ctx.tenant, grantId(facts.grant));
  if (grant === undefined) throw new NotJudged('its grant is not there any more, or was not known');
  const alive = {
    ...grant,
    keyId: ctx.keys.sealKeyId,
    dead: ends.has(grant.clientId) ? ({ reason: 'client_revoked', at: now } as const) : undefined,
    suspendedUntil: undefined,
    rotatedAt: now - (facts.idle ?? 0),
  };
  if (facts.grantType === 'refresh_token') return await relived(ctx, { ...alive, generation: Math.max(1, grant.generation) });
  const { ttlSeconds } = ctx.config.policies.codes;
  // What waits for somebody elsewhere has a time of its own, which no setting gives it.
  const expiresAt = facts.grantType === 'authorization_code' ? grant.createdAt + ttlSeconds : now + 1;
  return { ...alive, generation: 0, expiresAt };
}

/** The end and the longest idle time that its exchange would have given it: never later than it has, as nobody knows of its session. */
async function relived(ctx: Context, grant: GrantRecord): Promise<GrantRecord> {
  const client = await findClient(ctx, grant.clientId);
  const resource = findResource(ctx, grant.resources[0] ?? ctx.issuer);
  if (client === undefined || resource === undefined || grant.redeemedAt === undefined || grant.idleSeconds === 0) return grant;
  const { expiresAt, idleSeconds } = refreshLifetimes(ctx, {
    client,
    grant,
    resource,
    refresh: true,
    sessionExpiresAt: grant.expiresAt,
    now: grant.redeemedAt,
  });
  // Without the grant type there is no idle time either, and that is for its own check to say.
  return idleSeconds === 0 ? grant : { ...grant, expiresAt, idleSeconds };
}

function standInGrant({ ctx }: ChangedContext, facts: TokenFacts, grant: GrantRecord): StandIn {
  const head = { keyId: ctx.keys.sealKeyId, id: grant.id, generation: grant.generation };
  const holder = (kind: 'code' | 'refresh' | 'device' | 'backchannel', id: number = grant.id): string =>
    writeHolder(ctx.keys.tally, kind, { ...head, id }, SECRET);
  const knows = (record: GrantRecord): Partial<Store> => ({
    findGrant: (_, id: GrantId) => Promise.resolve(id === grant.id ? record : undefined),
  });
  // It was shown then.
  const confirmation = grant.boundKey === undefined ? undefined : readConfirmation(grant.boundKey);
  switch (facts.grantType) {
    case 'refresh_token':
      return { credential: [['refresh_token', holder('refresh')]], verbs: knows({ ...grant, secretHash: sha256(SECRET) }), confirmation };
    case 'authorization_code': {
      const redirectUri = facts.redirectUri ?? '';
      const codeRequest = writeCodeRequest({
        redirectUri,
        codeChallenge: undefined,
        nonce: undefined,
        refresh: true,
        boundKey: undefined,
        sessionExpiresAt: 0,
      });
      return { credential: [['code', holder('code')]], verbs: knows({ ...grant, codeHash: sha256(SECRET), codeRequest }), confirmation };
    }
    case DEVICE_CODE:
    case CIBA: {
      const kind = facts.grantType === CIBA ? 'backchannel' : 'device';
      const name = kind === 'device' ? 'device_code' : 'auth_req_id';
      return {
        credential: [[name, holder(kind, PENDING)]],
        verbs: { ...knows(grant), findPending: () => Promise.resolve(approved(kind, grant)) },
        confirmation,
      };
    }
    default:
      throw new NotJudged('the grant type is not known here');
  }
}

function approved(
  kind: 'device' | 'backchannel',
  { id, clientId, userId: user, createdAt, expiresAt }: GrantRecord,
): Awaited<ReturnType<Store['findPending']>> {
  return {
    id: PENDING,
    kind,
    clientId,
    secretHash: hashPendingSecret(kind, SECRET),
    userCodeHash: undefined,
    userId: user,
    request: {},
    createdAt,
    expiresAt,
    intervalSeconds: 5,
    decision: { kind: 'approved', grantId: id },
  };
}
