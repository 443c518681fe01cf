import type { InspectedKind, TokenInspection, TokenPiece, TokenQuestion } from '@hufu/protocol/admin/tokens';
import { writeCnf } from '@hufu/protocol/confirmation';
import { equalText } from '@hufu/protocol/equal-text';
import { grantId } from '@hufu/protocol/ids';
import { isEncryptedJwt, type ReadJwt, readJwt } from '@hufu/protocol/jwt';
import { readHolder, type TallyKind, tallyKindOf, tallyParts } from '@hufu/protocol/tally';
import type { GrantRecord } from '@hufu/store/port';
import type { Context } from '../context.ts';
import { Trail } from '../decisions/trail.ts';
import { endOfGrant } from '../tokens/end-of-grant.ts';
import { readAccessToken } from '../tokens/read-access-token.ts';
import { readIdTokenHint } from '../tokens/read-id-token-hint.ts';
import { sha256 } from '../tokens/secrets.ts';
import { isRefreshable } from '../tokens/user-tokens.ts';
import { checkView } from './check-view.ts';
import { nodeOf } from './lineage.ts';

/** What is found of a token; `failure` says what the last check found, where it failed. */
type Found = Omit<TokenInspection, 'accepted' | 'checks' | 'parts'> & { readonly failure?: string | undefined };

const OPAQUE: Readonly<Record<TallyKind, InspectedKind>> = {
  access: 'access_token',
  machine: 'access_token',
  refresh: 'refresh_token',
  code: 'authorization_code',
  session: 'session',
  pushed: 'request_uri',
  device: 'device_code',
  backchannel: 'auth_req_id',
};

/**
 * What a token is, and whether it would be taken now: the same reading that decides where it is shown, with every check told. Nothing is used up: a code that is
 * looked at can still be exchanged, and an old refresh token that is looked at ends no grant.
 */
export async function inspectToken(ctx: Context, question: TokenQuestion, now: number): Promise<TokenInspection> {
  const { token } = question;
  const trail = new Trail();
  const kind = tallyKindOf(token);
  const { failure, ...found } = await (kind === undefined ? ofJwt(ctx, question, trail, now) : ofTally(ctx, kind, question, trail, now));
  const last = trail.reached.length - 1;
  const checks = trail.reached.map((check, at) =>
    checkView(at === last && failure !== undefined ? { check, outcome: 'failed', detail: failure } : { check, outcome: 'passed' }),
  );
  return { ...found, parts: piecesOf(token, found.form), accepted: failure === undefined, checks };
}

async function ofTally(ctx: Context, tally: TallyKind, question: TokenQuestion, trail: Trail, now: number): Promise<Found> {
  const kind = OPAQUE[tally];
  if (tally === 'access' || tally === 'machine') return { kind, form: 'opaque', ...(await ofAccess(ctx, question, trail, now)) };
  trail.at('credential_form');
  const credential = readHolder(ctx.keys.tally, tally, question.token);
  if (credential === undefined) return { kind, form: 'opaque', failure: 'not one of ours, or changed' };
  const common = { kind, form: 'opaque', generation: credential.generation } as const;
  if (tally !== 'refresh' && tally !== 'code') {
    trail.at('token_kind');
    return { ...common, failure: 'its seal holds; what it names is no grant, and is not looked at here' };
  }
  trail.at('grant_known');
  const grant = await ctx.store.findGrant(ctx.tenant, grantId(credential.id));
  if (grant === undefined) return { ...common, failure: 'its grant is gone; it may have expired long ago' };
  const known = { ...common, ...ofGrant(ctx, grant, now) };
  trail.at('secret');
  const half = tally === 'code' ? grant.codeHash : grant.secretHash;
  if (half === undefined || !equalText(half, sha256(credential.secret)))
    return {
      ...known,
      failure: tally === 'code' && grant.generation > 0 ? 'it has been exchanged' : 'its secret is not the one the row knows',
    };
  trail.at('grant_live');
  const end = endOfGrant(grant, now, 'refresh');
  if (end !== undefined) return { ...known, failure: end.detail };
  trail.at('generation');
  return { ...known, ...staleness(ctx, tally, credential.generation, grant, now) };
}

/** Why a generation that is not the current one would not be taken. What it would cause is said beside it. */
function staleness(ctx: Context, tally: 'refresh' | 'code', generation: number, grant: GrantRecord, now: number): Pick<Found, 'failure'> {
  if (tally === 'code') return grant.generation === 0 ? {} : { failure: 'it has been exchanged: to show it again ends the grant' };
  if (!isRefreshable(grant)) return { failure: 'the grant has no refresh tokens' };
  if (generation === grant.generation) return {};
  if (generation > grant.generation) return { failure: 'a generation that has not been issued' };
  const { overlapSeconds } = ctx.config.policies.refreshTokens;
  if (generation === grant.generation - 1 && now - grant.rotatedAt <= overlapSeconds) return {};
  if (generation === grant.generation - 1)
    return {
      failure: `used ${now - grant.rotatedAt} seconds ago: a client that proves itself gets the same successor again; of any other it ends the grant`,
    };
  return { failure: `${grant.generation - generation} generations old: to show it ends the grant` };
}

async function ofAccess(
  ctx: Context,
  { token, resource, scope }: TokenQuestion,
  trail: Trail,
  now: number,
): Promise<Omit<Found, 'kind' | 'form'>> {
  const read = await readAccessToken(ctx, token, now, trail);
  if (read.kind === 'dead') {
    const { grant, reason, expiresAt } = read;
    return {
      ...(grant === undefined ? {} : ofGrant(ctx, grant, now)),
      ...(read.resource === undefined ? {} : { resource: read.resource }),
      ...(expiresAt === undefined ? {} : { expires_at: expiresAt }),
      failure: reason,
    };
  }
  const { grant, confirmation } = read;
  const live = {
    ...ofGrant(ctx, grant, now),
    resource: read.resource,
    scopes: read.scopes,
    issued_at: read.issuedAt,
    expires_at: read.expiresAt,
    ...(confirmation === undefined ? {} : { cnf: writeCnf(confirmation) }),
  };
  if (resource !== undefined) {
    trail.at('token_audience');
    if (resource !== read.resource) return { ...live, failure: `it is for ${read.resource}` };
  }
  if (scope !== undefined) {
    trail.at('scope');
    if (!read.scopes.includes(scope))
      return { ...live, failure: `it has ${read.scopes.length === 0 ? 'no scope' : read.scopes.join(' ')}` };
  }
  return live;
}

async function ofJwt(ctx: Context, question: TokenQuestion, trail: Trail, now: number): Promise<Found> {
  const jwt = readJwt(question.token);
  if (jwt === undefined) {
    trail.at('credential_form');
    const isEncrypted = isEncryptedJwt(question.token);
    const failure = isEncrypted ? 'it is encrypted: only whom it is for can read it' : 'neither a JWT nor a credential of this server';
    return { kind: isEncrypted ? 'encrypted_jwt' : 'unknown', form: isEncrypted ? 'jwt' : 'other', failure };
  }
  const { header, payload: claims } = jwt;
  const said = { form: 'jwt', header, claims } as const;
  const isAccess = header['typ'] === 'at+jwt' && claims['iss'] === ctx.issuer;
  const hint = isAccess ? undefined : await readIdTokenHint(ctx, question.token, now);
  trail.at('token_signature');
  if (hint !== undefined) {
    trail.at('token_kind');
    const failure = `an ID token tells its client (${hint.aud}) who has signed in; no API takes it`;
    return {
      ...said,
      kind: 'id_token',
      signature: 'good',
      client_id: hint.aud,
      issued_at: hint.issuedAt,
      expires_at: hint.expiresAt,
      failure,
    };
  }
  const signature = signatureOf(ctx, jwt, now);
  const kind = isAccess ? 'access_token' : 'jwt';
  if (signature !== 'good') {
    const failure = signature === 'bad' ? 'it was changed, or signed with another key' : 'no key of this server has its kid and alg';
    return { ...said, kind, signature, failure };
  }
  if (isAccess) return { ...said, kind, signature, ...(await ofAccess(ctx, question, trail, now)) };
  trail.at('token_kind');
  return { ...said, kind, signature, failure: `its typ is ${String(header['typ']).slice(0, 40)}: no access token` };
}

function signatureOf(ctx: Context, { header, signingInput, signature }: ReadJwt, now: number): 'good' | 'bad' | 'unknown_key' {
  const kid = header['kid'];
  const key = typeof kid === 'string' ? ctx.keys.verifierFor(kid, now) : undefined;
  if (key === undefined || key.alg !== header.alg) return 'unknown_key';
  return key.verify(signingInput, signature) ? 'good' : 'bad';
}

function ofGrant(ctx: Context, grant: GrantRecord, now: number): Pick<TokenInspection, 'grant' | 'row_generation' | 'client_id'> {
  return { grant: nodeOf(ctx, grant, grant, now), row_generation: grant.generation, client_id: grant.clientId };
}

/** Where each part of the text stands. */
function piecesOf(token: string, form: TokenInspection['form']): readonly TokenPiece[] {
  if (form === 'opaque') return tallyParts(token) ?? [];
  if (form === 'other') return [];
  const names = isEncryptedJwt(token) ? ['header', 'key', 'iv', 'ciphertext', 'tag'] : ['header', 'claims', 'signature'];
  let from = 0;
  return token.split('.', names.length).map((part, at) => {
    const piece = { name: names[at] ?? '', from, to: from + part.length };
    from = piece.to + 1;
    return piece;
  });
}
