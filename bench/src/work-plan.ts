import { API, API_SCOPE, type BenchClient, DPOP, EXCHANGER, JWT_RESOURCE, MACHINE, SIGNER_ID } from './contract.ts';
import { type Jwk, newEcKey, thumbprintOf } from './jwk.ts';
import type { Expectation, FreshJwt, JwtExpectation, Plan, RequestTemplate } from './load/plan.ts';
import type { GrantWish, Scenario, Work } from './scenarios.ts';
import type { Credential, Running } from './subject.ts';
import {
  ACCESS_TOKEN_TYPE,
  authorizationForm,
  basic,
  DEVICE_CODE_GRANT,
  exchangeForm,
  FORM_TYPE,
  form,
  JWT_BEARER,
  TOKEN_EXCHANGE_GRANT,
} from './token-requests.ts';

export const CONNECTIONS = 64;
/** Grants that the requests go round: more than any cache of a few would hold, and few enough to be ready in seconds. */
export const GRANTS = 4096;

const PLACE = '{credential}';

/** Device codes of one burst: seconds of work, and fewer than a thousand of each client. */
export const DEVICE_CODES: number = 4 * GRANTS;

/** Whether the scenario's requests carry something that has to be got ready at the server. */
export function needsCredentials(work: Work): boolean {
  return 'grant' in work || work.kind === 'device_poll';
}

/**
 * The private keys that sign what the requests carry, none where they carry nothing of the kind. Proofs: each connection is an installation
 * of the client with a key of its own. Assertions: the client's one key.
 */
export function signingKeys(work: Work, clientKey: Jwk): Credential[] {
  const credential = (key: Jwk): Credential => ({ value: JSON.stringify(key), subject: thumbprintOf(key) });
  switch (work.kind) {
    case 'dpop_token':
      return Array.from({ length: CONNECTIONS }, (_, index) => credential(newEcKey(`proof-${index}`)));
    case 'private_key_jwt_token':
      return [credential(clientKey)];
    default:
      return [];
  }
}

/** What the load generator sends and what it expects. Every contender gets the same requests but for path, host and tokens. */
export function planFor(
  scenario: Scenario,
  running: Running,
  credentials: readonly Credential[],
  warmupMs: number,
  measureMs: number,
): Plan {
  const { work } = scenario;
  const signs = signedBy(work, running);
  return {
    host: '127.0.0.1',
    port: running.port,
    connections: CONNECTIONS,
    request: requestFor(work, running),
    credentials: credentials.length === 0 ? [''] : credentials.map(({ value }) => value),
    use: signs === undefined ? useOf(work) : 'sign',
    signs,
    expect: expectationFor(work, running, credentials),
    warmupMs,
    measureMs,
    serverPid: running.pid,
  };
}

function useOf({ kind }: Work): Plan['use'] {
  if (kind === 'refresh') return 'rotate';
  return kind === 'code' || kind === 'device_poll' ? 'once' : 'cycle';
}

function signedBy({ kind }: Work, { issuer, paths }: Running): FreshJwt | undefined {
  if (kind === 'dpop_token') return { kind: 'dpop_proof', method: 'POST', url: issuer + paths.token };
  return kind === 'private_key_jwt_token' ? { kind: 'client_assertion', clientId: SIGNER_ID, audience: issuer } : undefined;
}

function requestFor(work: Work, { paths }: Running): RequestTemplate {
  switch (work.kind) {
    case 'client_credentials':
      return post(paths.token, [by(MACHINE)], form(ownToken(work.resource)));
    case 'dpop_token':
      return post(paths.token, [by(DPOP), `DPoP: ${PLACE}`], form(ownToken(work.resource)));
    case 'private_key_jwt_token': {
      const assertion = { client_assertion_type: JWT_BEARER, client_assertion: PLACE };
      return post(paths.token, [], form({ ...ownToken(work.resource), ...assertion }));
    }
    case 'refresh':
      return post(paths.token, [by(work.grant.client)], form({ grant_type: 'refresh_token', refresh_token: PLACE }));
    case 'code':
      return post(paths.token, [by(work.grant.client)], exchangeForm(PLACE));
    case 'par':
      return post(requirePath(paths.pushedRequest), [by(work.asked.client)], authorizationForm(work.asked));
    case 'device_poll':
      return post(paths.token, [], `${form({ grant_type: DEVICE_CODE_GRANT })}&{fields}`);
    case 'token_exchange': {
      const subject = { subject_token: PLACE, subject_token_type: ACCESS_TOKEN_TYPE };
      const wanted = { requested_token_type: ACCESS_TOKEN_TYPE, resource: work.resource, scope: API_SCOPE };
      return post(paths.token, [by(EXCHANGER)], form({ grant_type: TOKEN_EXCHANGE_GRANT, ...subject, ...wanted }));
    }
    case 'introspection':
      return post(paths.introspection, [by(API)], form({ token: PLACE, token_type_hint: 'access_token' }));
    case 'userinfo':
      return get(paths.userinfo, [`Authorization: Bearer ${PLACE}`]);
    case 'document':
      return get(work.document === 'jwks' ? paths.jwks : paths.discovery, []);
    default:
      throw new TypeError(`${work.kind} is no load`);
  }
}

function requirePath(path: string | undefined): string {
  if (path === undefined) throw new TypeError('the server has no such endpoint');
  return path;
}

function by(client: BenchClient): string {
  return `Authorization: ${basic(client)}`;
}

function ownToken(resource: string): Readonly<Record<string, string>> {
  return { grant_type: 'client_credentials', scope: API_SCOPE, resource };
}

function post(path: string, headers: readonly string[], body: string): RequestTemplate {
  return { method: 'POST', path, headers: ['Accept: application/json', ...headers, `Content-Type: ${FORM_TYPE}`], body };
}

function get(path: string, headers: readonly string[]): RequestTemplate {
  return { method: 'GET', path, headers: ['Accept: application/json', ...headers], body: '' };
}

function expectationFor(work: Work, running: Running, credentials: readonly Credential[]): Expectation {
  switch (work.kind) {
    case 'client_credentials':
      return ownExpectation(MACHINE.id, work.resource, running);
    case 'dpop_token': {
      const boundTo = credentials.map(({ subject }) => subject);
      return { ...ownExpectation(DPOP.id, work.resource, running), boundTo };
    }
    case 'private_key_jwt_token':
      return ownExpectation(SIGNER_ID, work.resource, running);
    case 'token_exchange': {
      const own = ownExpectation(EXCHANGER.id, work.resource, running);
      return { ...own, subjects: running.subjects, issuedTokenType: ACCESS_TOKEN_TYPE };
    }
    case 'par':
      return { kind: 'pushed' };
    case 'device_poll':
      return { kind: 'refusal', error: 'authorization_pending' };
    case 'refresh':
    case 'code':
      return grantExpectation(work.grant, running);
    case 'introspection':
      return {
        kind: 'introspection',
        clientId: work.grant.client.id,
        scope: API_SCOPE,
        subjects: credentials.map(({ subject }) => subject),
      };
    case 'userinfo':
      return { kind: 'userinfo', email: true, subjects: credentials.map(({ subject }) => subject) };
    case 'document':
      return { kind: 'document', members: work.members };
    default:
      throw new TypeError(`${work.kind} is no load`);
  }
}

type TokenExpectation = Extract<Expectation, { kind: 'token' }>;

/** One access token and nothing beside, of a client that acts for itself. */
function ownExpectation(clientId: string, resource: string, running: Running): TokenExpectation {
  return {
    kind: 'token',
    access: accessFor(resource, running),
    clientId,
    scope: API_SCOPE,
    subjects: [clientId],
    rotates: false,
    idToken: undefined,
    boundTo: undefined,
    issuedTokenType: undefined,
    keys: running.keys,
  };
}

function grantExpectation(grant: GrantWish, running: Running): TokenExpectation {
  const { issuer, keys, subjects } = running;
  return {
    kind: 'token',
    access: accessFor(grant.resource, running),
    clientId: grant.client.id,
    scope: API_SCOPE,
    subjects,
    rotates: true,
    idToken: grant.idToken === undefined ? undefined : { alg: grant.idToken, issuer, audience: grant.client.id },
    boundTo: undefined,
    issuedTokenType: undefined,
    keys,
  };
}

function accessFor(resource: string | undefined, { issuer }: Running): JwtExpectation | 'opaque' {
  return resource === JWT_RESOURCE ? { alg: 'ES256', issuer, audience: resource } : 'opaque';
}
