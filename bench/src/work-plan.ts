import { API, API_SCOPE, JWT_RESOURCE, MACHINE } from './contract.ts';
import type { Expectation, JwtExpectation, Plan, RequestTemplate } from './load/plan.ts';
import type { GrantWish, Scenario, Work } from './scenarios.ts';
import type { Credential, Running } from './subject.ts';
import { basic, exchangeForm, FORM_TYPE, form } from './token-requests.ts';

export const CONNECTIONS = 64;
/** Grants that the requests go round: more than any cache of a few would hold, and few enough to be ready in seconds. */
export const GRANTS = 4096;

const PLACE = '{credential}';

/** Whether the scenario's requests carry something that has to be got ready. */
export function needsCredentials(work: Work): boolean {
  return 'grant' in work;
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
  return {
    host: '127.0.0.1',
    port: running.port,
    connections: CONNECTIONS,
    request: requestFor(work, running),
    credentials: needsCredentials(work) ? credentials.map(({ value }) => value) : [''],
    use: work.kind === 'refresh' ? 'rotate' : work.kind === 'code' ? 'once' : 'cycle',
    expect: expectationFor(work, running, credentials),
    warmupMs,
    measureMs,
    serverPid: running.pid,
  };
}

function requestFor(work: Work, { paths }: Running): RequestTemplate {
  switch (work.kind) {
    case 'client_credentials':
      return post(paths.token, basic(MACHINE), form({ grant_type: 'client_credentials', scope: API_SCOPE, resource: work.resource }));
    case 'refresh':
      return post(paths.token, basic(work.grant.client), form({ grant_type: 'refresh_token', refresh_token: PLACE }));
    case 'code':
      return post(paths.token, basic(work.grant.client), exchangeForm(PLACE));
    case 'introspection':
      return post(paths.introspection, basic(API), form({ token: PLACE, token_type_hint: 'access_token' }));
    case 'userinfo':
      return get(paths.userinfo, [`Authorization: Bearer ${PLACE}`]);
    case 'document':
      return get(work.document === 'jwks' ? paths.jwks : paths.discovery, []);
    default:
      throw new TypeError(`${work.kind} is no load`);
  }
}

function post(path: string, authorization: string, body: string): RequestTemplate {
  return {
    method: 'POST',
    path,
    headers: ['Accept: application/json', `Authorization: ${authorization}`, `Content-Type: ${FORM_TYPE}`],
    body,
  };
}

function get(path: string, headers: readonly string[]): RequestTemplate {
  return { method: 'GET', path, headers: ['Accept: application/json', ...headers], body: '' };
}

function expectationFor(work: Work, running: Running, credentials: readonly Credential[]): Expectation {
  switch (work.kind) {
    case 'client_credentials': {
      const about = { clientId: MACHINE.id, scope: API_SCOPE, subjects: [MACHINE.id], keys: running.keys };
      return { kind: 'token', ...about, access: accessFor(work.resource, running), rotates: false, idToken: undefined };
    }
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

function grantExpectation(grant: GrantWish, running: Running): Expectation {
  const { issuer, keys, subjects } = running;
  return {
    kind: 'token',
    access: accessFor(grant.resource, running),
    clientId: grant.client.id,
    scope: API_SCOPE,
    subjects,
    rotates: true,
    idToken: grant.idToken === undefined ? undefined : { alg: grant.idToken, issuer, audience: grant.client.id },
    keys,
  };
}

function accessFor(resource: string | undefined, { issuer }: Running): JwtExpectation | 'opaque' {
  return resource === JWT_RESOURCE ? { alg: 'ES256', issuer, audience: resource } : 'opaque';
}
