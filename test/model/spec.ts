import {
  ABSOLUTE,
  ASKS_CONSENT,
  type ClientName,
  CODE_TTL,
  CONFIDENTIAL,
  type Grant,
  IDLE,
  JWT_RESOURCE,
  MAX_CODES,
  OFFERS,
  OPAQUE_RESOURCE,
  OPENID_SCOPES,
  type Op,
  OVERLAP,
  OWN_RESOURCE,
  REPLAY_WINDOW,
  type Reply,
  SESSION,
  type Token,
  TTL,
  type World,
} from './world.ts';

/**
 * What the life of a token is, as plain arithmetic (attacks part 4; docs/decisions/0002 and 0005 where that leaves a choice): `step` says
 * whether an answer is right, and what the world is afterwards. Nothing here knows the server.
 */
export type Step = { readonly kind: 'right'; readonly world: World } | { readonly kind: 'wrong'; readonly expected: string };

/** The world after `op` was answered with `reply`, or what should have been answered. */
export function step(world: World, op: Op, reply: Reply): Step {
  switch (op.kind) {
    case 'authorize':
      return authorize(world, op, reply);
    case 'redeem':
      return redeem(world, op, reply);
    case 'refresh':
      return refresh(world, op, reply);
    case 'revoke':
      return revoke(world, op, reply);
    case 'introspect':
      return introspect(world, op, reply);
    case 'userinfo':
      return userinfo(world, op.token, reply);
    case 'disable':
      return done(reply, { ...killAll(world, () => true, 'disabled'), enabled: false, session: undefined });
    case 'enable':
      // Nothing comes back.
      return done(reply, { ...world, enabled: true });
    case 'changePassword':
      return done(reply, { ...killAll(world, () => true, 'password'), session: op.keepSession ? world.session : undefined });
    case 'signOut':
      return done(reply, signOut(world));
    case 'withdraw': {
      const { [op.client]: _, ...consent } = world.consent;
      return done(reply, { ...killAll(world, (grant) => grant.client === op.client, 'withdrawn'), consent });
    }
    case 'revokeClient':
      return done(
        reply,
        killAll(world, (grant) => grant.client === op.client, 'client'),
      );
    case 'rotateKey':
      return done(reply, world);
    case 'advance':
      return done(reply, { ...world, now: world.now + op.seconds });
  }
}

function right(world: World): Step {
  return { kind: 'right', world };
}

function wrong(expected: string): Step {
  return { kind: 'wrong', expected };
}

function done(reply: Reply, world: World): Step {
  return reply.outcome === 'ok' ? right(world) : wrong('ok');
}

/** An error with no more effect than `world` has. */
function refused(reply: Reply, error: string, world: World): Step {
  return reply.outcome === error ? right(world) : wrong(error);
}

function killAll(world: World, which: (grant: Grant) => boolean, reason: string): World {
  return { ...world, grants: world.grants.map((grant) => (grant.dead === undefined && which(grant) ? { ...grant, dead: reason } : grant)) };
}

function kill(world: World, index: number, reason: string): World {
  return killAll(world, (grant) => grant === world.grants[index], reason);
}

function update(world: World, index: number, grant: Grant): World {
  return { ...world, grants: world.grants.with(index, grant) };
}

function liveSession(world: World): World['session'] {
  return world.session !== undefined && world.session.expiresAt > world.now ? world.session : undefined;
}

function signOut(world: World): World {
  const session = liveSession(world);
  if (session === undefined) return { ...world, session: undefined };
  const ends = (grant: Grant): boolean => grant.session === session.number && (!grant.offline || grant.generation === 0);
  return { ...killAll(world, ends, 'signed out'), session: undefined };
}

function isSubset(small: readonly string[], large: readonly string[]): boolean {
  return small.every((word) => large.includes(word));
}

function authorize(world: World, op: Extract<Op, { kind: 'authorize' }>, reply: Reply): Step {
  const pages: string[] = [];
  let session = liveSession(world);
  let after = world;
  if (session === undefined || op.login) {
    pages.push('signin');
    if (!world.enabled) return reply.outcome === 'signin refused' ? right(world) : wrong('signin refused');
    const next = { number: world.sessionCount + 1, expiresAt: world.now + SESSION, authTime: world.now };
    const old = session;
    // The grants of a session that is replaced move on to the new one.
    const grants = world.grants.map((grant) =>
      old !== undefined && grant.session === old.number ? { ...grant, session: next.number } : grant,
    );
    after = { ...world, session: next, sessionCount: next.number, grants };
    session = next;
  }
  const scopes = [...op.scopes, ...(op.offline === 'heard' ? ['offline_access'] : [])];
  const resources = resourcesFor(scopes);
  const consent = after.consent[op.client];
  const agreed = consent !== undefined && isSubset(scopes, consent.scopes) && isSubset(resources, consent.resources);
  if (op.offline === 'heard' || (op.client === ASKS_CONSENT && !agreed)) {
    pages.push('consent');
    if (op.deny) return samePages(reply, pages) ? refused(reply, 'access_denied', after) : wrong(pages.join(', '));
    const given = { scopes: union(consent?.scopes, scopes), resources: union(consent?.resources, resources) };
    after = { ...after, consent: { ...after.consent, [op.client]: given } };
  }
  if (reply.outcome !== 'ok' || reply.code === undefined || !samePages(reply, pages)) return wrong(`a code after ${pages.join(', ')}`);
  if (after.tokens.has(reply.code)) return wrong('a code that nobody has');
  const grant: Grant = {
    client: op.client,
    scopes,
    resources,
    offline: op.offline === 'heard',
    refreshable: op.offline !== 'asked',
    session: session.number,
    sessionEnd: session.expiresAt,
    authTime: session.authTime,
    createdAt: world.now,
    generation: 0,
    rotatedAt: world.now,
    expiresAt: world.now + CODE_TTL,
    dead: undefined,
  };
  const index = after.grants.length;
  const tokens = new Map(after.tokens).set(reply.code, { kind: 'code', grant: index });
  return right(dropOldCodes({ ...after, grants: [...after.grants, grant], tokens }, op.client));
}

function samePages(reply: Reply, pages: readonly string[]): boolean {
  return (reply.pages ?? []).join() === pages.join();
}

function union(a: readonly string[] | undefined, b: readonly string[]): readonly string[] {
  return [...new Set([...(a ?? []), ...b])];
}

function dropOldCodes(world: World, client: ClientName): World {
  const waiting = world.grants.filter((grant) => grant.client === client && grant.generation === 0 && grant.dead === undefined);
  const dropped = new Set(waiting.slice(0, Math.max(0, waiting.length - MAX_CODES)));
  return killAll(world, (grant) => dropped.has(grant), 'too many codes');
}

/** The first resource that offers everything, else the first for each scope, else our own. */
function resourcesFor(scopes: readonly string[]): readonly string[] {
  const api = scopes.filter((scope) => !OPENID_SCOPES.has(scope));
  if (api.length === 0) return [OWN_RESOURCE];
  const offering = [JWT_RESOURCE, OPAQUE_RESOURCE];
  const all = offering.find((resource) => isSubset(api, OFFERS[resource] ?? []));
  return all === undefined ? offering.filter((resource) => OFFERS[resource]?.some((scope) => api.includes(scope)) === true) : [all];
}

function redeem(world: World, op: Extract<Op, { kind: 'redeem' }>, reply: Reply): Step {
  if (!op.by.genuine) return refused(reply, 'invalid_client', world);
  const token = world.tokens.get(op.token);
  const grant = token?.kind === 'code' ? world.grants[token.grant] : undefined;
  if (token?.kind !== 'code' || grant === undefined || grant.client !== op.by.client) return refused(reply, 'invalid_grant', world);
  if (grant.generation > 0) {
    const theft = world.now <= grant.createdAt + CODE_TTL + REPLAY_WINDOW;
    return refused(reply, 'invalid_grant', theft ? kill(world, token.grant, 'code replayed') : world);
  }
  if (grant.dead !== undefined || grant.expiresAt <= world.now || op.redirect === 'wrong') return refused(reply, 'invalid_grant', world);
  if (op.verifier !== 'right') return refused(reply, 'invalid_grant', kill(world, token.grant, 'code misused'));
  const { resource } = narrow(grant, undefined, undefined);
  const end = world.now + ABSOLUTE;
  const expiresAt = !grant.refreshable
    ? world.now + (TTL[resource] ?? 0)
    : grant.offline
      ? end
      : Math.max(world.now + 1, Math.min(end, grant.sessionEnd));
  const redeemed: Grant = { ...grant, generation: 1, rotatedAt: world.now, expiresAt };
  return issued(update(world, token.grant, redeemed), token.grant, undefined, undefined, reply);
}

function refresh(world: World, op: Extract<Op, { kind: 'refresh' }>, reply: Reply): Step {
  if (!op.by.genuine) return refused(reply, 'invalid_client', world);
  const token = world.tokens.get(op.token);
  const grant = token?.kind === 'refresh' ? world.grants[token.grant] : undefined;
  if (token?.kind !== 'refresh' || grant === undefined || grant.client !== op.by.client) return refused(reply, 'invalid_grant', world);
  if (grant.dead !== undefined || isOver(grant, world.now)) return refused(reply, 'invalid_grant', world);
  if (token.generation < grant.generation) {
    const inTime = CONFIDENTIAL.has(grant.client) || world.now - grant.rotatedAt <= OVERLAP;
    if (token.generation !== grant.generation - 1 || !inTime) return refused(reply, 'invalid_grant', kill(world, token.grant, 'theft'));
  }
  if (op.scopes !== undefined && !isSubset(op.scopes, grant.scopes)) return refused(reply, 'invalid_scope', world);
  const { resource } = narrow(grant, op.scopes, op.resource);
  if (!grant.resources.includes(resource)) return refused(reply, 'invalid_target', world);
  const isCurrent = token.generation === grant.generation;
  const next = isCurrent ? update(world, token.grant, { ...grant, generation: grant.generation + 1, rotatedAt: world.now }) : world;
  return issued(next, token.grant, op.scopes, op.resource, reply);
}

function isOver(grant: Grant, now: number): boolean {
  return grant.expiresAt <= now || grant.rotatedAt + IDLE <= now;
}

/** The resource and the scopes of an access token (RFC 6749 §6, RFC 8707 §2.2). */
function narrow(
  grant: Grant,
  asked: readonly string[] | undefined,
  named: string | undefined,
): { readonly resource: string; readonly scopes: readonly string[] } {
  const wanted = asked ?? grant.scopes;
  const api = wanted.filter((scope) => !OPENID_SCOPES.has(scope));
  const fitting = grant.resources.find((candidate) => isSubset(api, OFFERS[candidate] ?? []));
  const resource = named ?? fitting ?? grant.resources[0] ?? OWN_RESOURCE;
  return { resource, scopes: wanted.filter((scope) => OPENID_SCOPES.has(scope) || (OFFERS[resource] ?? []).includes(scope)) };
}

/** A token response from the grant as it is now. */
function issued(world: World, index: number, asked: readonly string[] | undefined, named: string | undefined, reply: Reply): Step {
  const grant = world.grants[index];
  if (grant === undefined) return wrong('a grant');
  const { resource, scopes } = narrow(grant, asked, named);
  const ttl = TTL[resource] ?? 0;
  const half = Math.floor(ttl / 2);
  const issuedAt = grant.rotatedAt + Math.floor((world.now - grant.rotatedAt) / half) * half;
  const expiresAt = issuedAt + Math.max(1, Math.min(ttl, grant.expiresAt - issuedAt));
  const expected = `ok, generation ${grant.generation}, scope '${scopes.join(' ')}', expires_in ${expiresAt - world.now}`;
  if (reply.outcome !== 'ok' || reply.access === undefined) return wrong(expected);
  if ((reply.scope ?? '') !== scopes.join(' ') || reply.expiresIn !== expiresAt - world.now) return wrong(expected);
  if (reply.idToken !== scopes.includes('openid')) return wrong(`${expected}, an ID token with openid alone`);
  if ((reply.refresh !== undefined) !== grant.refreshable)
    return wrong(grant.refreshable ? `${expected}, a refresh token` : `${expected}, no refresh token`);
  const claims = reply.claims;
  if (
    claims !== undefined &&
    !(
      claims['iat'] === issuedAt &&
      claims['exp'] === expiresAt &&
      claims['auth_time'] === grant.authTime &&
      claims['client_id'] === grant.client
    )
  ) {
    return wrong(`${expected}, iat ${issuedAt}, exp ${expiresAt}, auth_time ${grant.authTime}`);
  }

  const tokens = new Map(world.tokens);
  const bound = new Map(world.bound);
  if (reply.refresh !== undefined && !bind(bound, `refresh ${index} ${grant.generation}`, reply.refresh, tokens.has(reply.refresh))) {
    return wrong(`${expected}, the one refresh token of its generation`);
  }
  if (reply.refresh !== undefined) tokens.set(reply.refresh, { kind: 'refresh', grant: index, generation: grant.generation });
  const { text, name } = reply.access;
  const known = [...tokens.values()].some((token) => token.kind === 'access' && token.name === name);
  const again = `access ${index} ${grant.generation} ${scopes.join(' ')} ${resource} ${issuedAt}`;
  const first = bound.get(again);
  if (first !== undefined && world.revokedNames.has(first)) {
    // That one was revoked alone: what is handed out now must be another.
    if (known) return wrong(`${expected}, an access token that was not revoked`);
  } else if (!bind(bound, again, name, known)) return wrong(`${expected}, the same access token as before`);
  tokens.set(text, { kind: 'access', grant: index, scopes, resource, issuedAt, expiresAt, name });
  return right({ ...world, tokens, bound });
}

/** One value for a key, and one key for a value. */
function bind(bound: Map<string, string>, key: string, value: string, isKnown: boolean): boolean {
  const there = bound.get(key);
  if (there !== undefined) return there === value;
  if (isKnown) return false;
  bound.set(key, value);
  return true;
}

function revoke(world: World, op: Extract<Op, { kind: 'revoke' }>, reply: Reply): Step {
  if (!op.by.genuine) return refused(reply, 'invalid_client', world);
  const token = world.tokens.get(op.token);
  const grant = token === undefined ? undefined : world.grants[token.grant];
  if (token === undefined || grant === undefined || grant.client !== op.by.client) return done(reply, world);
  if (token.kind === 'refresh') return done(reply, kill(world, token.grant, 'revoked'));
  if (token.kind === 'code' || !isLive(world, token)) return done(reply, world);
  return done(reply, { ...world, revokedNames: new Set(world.revokedNames).add(token.name) });
}

/** Whether an access token works at this moment. */
export function isLive(world: World, token: Extract<Token, { kind: 'access' }>): boolean {
  return world.grants[token.grant]?.dead === undefined && world.now < token.expiresAt && !world.revokedNames.has(token.name);
}

function introspect(world: World, op: Extract<Op, { kind: 'introspect' }>, reply: Reply): Step {
  if (!CONFIDENTIAL.has(op.caller)) return refused(reply, 'invalid_client', world);
  const token = world.tokens.get(op.token);
  const grant = token === undefined ? undefined : world.grants[token.grant];
  if (token === undefined || grant === undefined || token.kind === 'code') return refused(reply, 'inactive', world);
  if (token.kind === 'refresh') {
    const active =
      grant.client === op.caller && grant.dead === undefined && token.generation === grant.generation && !isOver(grant, world.now);
    if (!active) return refused(reply, 'inactive', world);
    const exp = Math.min(grant.expiresAt, grant.rotatedAt + IDLE);
    return says(reply, { client_id: grant.client, exp, iat: grant.rotatedAt, scope: grant.scopes.join(' ') }, world);
  }
  const mayKnow = grant.client === op.caller || (op.caller === 'api' && token.resource !== OWN_RESOURCE);
  if (!mayKnow || !isLive(world, token)) return refused(reply, 'inactive', world);
  const { scopes, issuedAt, expiresAt, name } = token;
  return says(
    reply,
    {
      client_id: grant.client,
      exp: expiresAt,
      iat: issuedAt,
      scope: scopes.length === 0 ? undefined : scopes.join(' '),
      auth_time: grant.authTime,
      ...(name === op.token ? {} : { jti: name }),
    },
    world,
  );
}

function says(reply: Reply, claims: Readonly<Record<string, unknown>>, world: World): Step {
  const same = Object.entries(claims).every(([name, value]) => reply.claims?.[name] === value);
  return reply.outcome === 'ok' && same ? right(world) : wrong(`active, ${JSON.stringify(claims)}`);
}

function userinfo(world: World, text: string, reply: Reply): Step {
  const token = world.tokens.get(text);
  if (token?.kind !== 'access' || !isLive(world, token)) return refused(reply, 'invalid_token', world);
  if (!token.scopes.includes('openid')) return refused(reply, 'insufficient_scope', world);
  return done(reply, world);
}
