import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import { epochSeconds } from '../clock.ts';
import { isMembers, type Members, readMembers, readText } from '../json.ts';
import type { Expectation, JwtExpectation } from './plan.ts';
import type { ResponseReader } from './response-reader.ts';

/** An answer that came in time and was not the right one. */
export class WrongAnswer extends Error {
  override readonly name = 'WrongAnswer';
}

/** One of so many answers is looked at closely. */
const DEEP_EVERY = 64;
const MAX_REMEMBERED = 200_000;
const MAX_HANDED_BACK = 64;

export interface Check {
  /**
   * @param credential index in the plan
   * @param sent the credential as it was sent
   * @returns the successor of a credential that rotates, else `sent`
   * @throws WrongAnswer
   */
  (response: ResponseReader, credential: number, sent: string): string;
}

export interface Checks {
  readonly check: Check;
  /** The latest access tokens or request_uris that were looked at closely. */
  issued(): string[];
}

/** The check for what the plan expects. */
export function readChecks(expect: Expectation): Checks {
  switch (expect.kind) {
    case 'token':
      return tokenChecks(expect);
    case 'pushed':
      return pushedChecks();
    case 'refusal':
      return simpleChecks((body) => checkRefusal(body, expect.error), 400);
    case 'introspection':
      return simpleChecks((body, credential) => checkIntrospection(body, expect, credential));
    case 'userinfo':
      return simpleChecks((body, credential) => checkUserinfo(body, expect, credential));
    case 'document':
      return documentChecks(expect.members);
  }
}

function tokenChecks(expect: Extract<Expectation, { kind: 'token' }>): Checks {
  const keys = new Map<string, KeyObject>();
  for (const jwk of expect.keys) {
    if (jwk.kid !== undefined) keys.set(jwk.kid, createPublicKey({ key: jwk, format: 'jwk' }));
  }
  const subjects = new Set(expect.subjects);
  const issued = new Issued('access token');
  const tokenType = expect.boundTo === undefined ? 'bearer' : 'dpop';
  const check: Check = (response, credential, sent) => {
    const body = readBody(response, 200);
    const accessToken = textOf(body, 'access_token');
    const isDeep = issued.add(accessToken);
    if (String(body['token_type']).toLowerCase() !== tokenType) throw new WrongAnswer(`token_type is ${String(body['token_type'])}`);
    if (body['issued_token_type'] !== expect.issuedTokenType) {
      throw new WrongAnswer(`issued_token_type is ${String(body['issued_token_type'])}`);
    }
    if (typeof body['expires_in'] !== 'number' || body['expires_in'] <= 0) throw new WrongAnswer('expires_in is missing');
    checkFormat(accessToken, expect.access);
    const refreshToken = body['refresh_token'];
    if (expect.rotates && (typeof refreshToken !== 'string' || refreshToken.length < 20 || refreshToken === sent)) {
      throw new WrongAnswer('no new refresh token');
    }
    if (!expect.rotates && refreshToken !== undefined) throw new WrongAnswer('a refresh token that nobody asked for');
    const idToken = body['id_token'];
    if ((expect.idToken === undefined) !== (idToken === undefined)) {
      throw new WrongAnswer(idToken === undefined ? 'no ID token' : 'an ID token that nobody asked for');
    }
    if (isDeep) {
      if (expect.access !== 'opaque') {
        const claims = checkJwt(accessToken, expect.access, keys, subjects);
        if (claims['client_id'] !== expect.clientId) throw new WrongAnswer('the access token is another client’s');
        if (!hasScope(claims['scope'], expect.scope)) throw new WrongAnswer(`the access token’s scope is ${String(claims['scope'])}`);
        if (typeof claims['jti'] !== 'string') throw new WrongAnswer('the access token has no jti');
        checkBinding(claims['cnf'], expect.boundTo?.[credential]);
      }
      if (expect.idToken !== undefined) checkJwt(String(idToken), expect.idToken, keys, subjects);
    }
    return typeof refreshToken === 'string' ? refreshToken : sent;
  };
  return { check, issued: () => issued.latest() };
}

/** What was issued so far: nothing comes twice in a row, and what is looked at closely never came before. */
class Issued {
  readonly #what: string;
  readonly #remembered: Set<string> = new Set();
  readonly #latest: string[] = [];
  #count = 0;
  #before = '';

  constructor(what: string) {
    this.#what = what;
  }

  /** @returns whether this is one to look at closely */
  add(value: string): boolean {
    if (value === this.#before) throw new WrongAnswer(`the same ${this.#what} twice in a row`);
    this.#before = value;
    this.#count += 1;
    if (this.#count % DEEP_EVERY !== 1) return false;
    if (this.#remembered.has(value)) throw new WrongAnswer(`this ${this.#what} was issued before`);
    if (this.#remembered.size < MAX_REMEMBERED) this.#remembered.add(value);
    this.#latest[Math.floor(this.#count / DEEP_EVERY) % MAX_HANDED_BACK] = value;
    return true;
  }

  latest(): string[] {
    return [...this.#latest];
  }
}

/** RFC 9449 §6.1. */
function checkBinding(cnf: unknown, jkt: string | undefined): void {
  if (jkt === undefined) {
    if (cnf !== undefined) throw new WrongAnswer('bound to a key that nobody has shown');
  } else if (!isMembers(cnf) || cnf['jkt'] !== jkt) throw new WrongAnswer('the access token is not bound to the key of the proof');
}

/** RFC 9126 §2.2. */
function pushedChecks(): Checks {
  const issued = new Issued('request_uri');
  const check: Check = (response, _credential, sent) => {
    const body = readBody(response, 201);
    const requestUri = textOf(body, 'request_uri');
    if (!/^urn:[!-~]{30,}$/.test(requestUri)) throw new WrongAnswer(`request_uri is ${requestUri}`);
    if (typeof body['expires_in'] !== 'number' || body['expires_in'] <= 0) throw new WrongAnswer('expires_in is missing');
    issued.add(requestUri);
    return sent;
  };
  return { check, issued: () => issued.latest() };
}

function checkRefusal(body: Members, error: string): void {
  if (body['error'] !== error) throw new WrongAnswer(`refused with ${String(body['error'])}`);
}

function checkFormat(token: string, access: JwtExpectation | 'opaque'): void {
  const looksLikeJwt = token.startsWith('eyJ') && token.length > 150;
  if (looksLikeJwt !== (access !== 'opaque')) throw new WrongAnswer(access === 'opaque' ? 'a JWT instead of an opaque token' : 'not a JWT');
  if (token.length < 20) throw new WrongAnswer('the access token can be guessed');
}

/** Signature (RFC 7515 §5.2) and the claims of RFC 9068 §2.2 that both kinds of token share. */
function checkJwt(token: string, expected: JwtExpectation, keys: ReadonlyMap<string, KeyObject>, subjects: ReadonlySet<string>): Members {
  const [head = '', payload = '', signature = '', ...rest] = token.split('.');
  if (rest.length > 0) throw new WrongAnswer('a JWT of more than three parts');
  const header = readMembers(Buffer.from(head, 'base64url').toString(), 'JWT header');
  if (header['alg'] !== expected.alg) throw new WrongAnswer(`signed with ${String(header['alg'])}, not ${expected.alg}`);
  const key = keys.get(readText(header, 'kid'));
  if (key === undefined) throw new WrongAnswer('signed with a key that is not in the JWK set');
  const input = Buffer.from(`${head}.${payload}`);
  const bytes = Buffer.from(signature, 'base64url');
  if (!verify('sha256', input, expected.alg === 'ES256' ? { key, dsaEncoding: 'ieee-p1363' } : key, bytes)) {
    throw new WrongAnswer('the signature does not verify');
  }
  const claims = readMembers(Buffer.from(payload, 'base64url').toString(), 'JWT payload');
  const now = epochSeconds();
  const audience = claims['aud'];
  if (claims['iss'] !== expected.issuer) throw new WrongAnswer(`issuer is ${String(claims['iss'])}`);
  if (audience !== expected.audience && !(Array.isArray(audience) && audience.includes(expected.audience))) {
    throw new WrongAnswer(`audience is ${String(audience)}`);
  }
  if (typeof claims['exp'] !== 'number' || claims['exp'] <= now) throw new WrongAnswer('expired as it is issued');
  if (typeof claims['iat'] !== 'number' || claims['iat'] > now + 1) throw new WrongAnswer('issued in the future');
  if (typeof claims['sub'] !== 'string' || !subjects.has(claims['sub'])) throw new WrongAnswer(`subject is ${String(claims['sub'])}`);
  return claims;
}

function checkIntrospection(body: Members, expect: Extract<Expectation, { kind: 'introspection' }>, credential: number): void {
  if (body['active'] !== true) throw new WrongAnswer('a live token is said to be inactive');
  if (body['client_id'] !== expect.clientId) throw new WrongAnswer('another client’s token');
  if (body['sub'] !== expect.subjects[credential]) throw new WrongAnswer('another user’s token');
  if (!hasScope(body['scope'], expect.scope)) throw new WrongAnswer(`scope is ${String(body['scope'])}`);
  if (typeof body['exp'] !== 'number') throw new WrongAnswer('exp is missing');
}

function checkUserinfo(body: Members, expect: Extract<Expectation, { kind: 'userinfo' }>, credential: number): void {
  if (body['sub'] !== expect.subjects[credential]) throw new WrongAnswer('another user’s claims');
  if (expect.email && typeof body['email'] !== 'string') throw new WrongAnswer('the email claim is missing');
}

function simpleChecks(check: (body: Members, credential: number) => void, status = 200): Checks {
  return {
    check: (response, credential, sent) => {
      check(readBody(response, status), credential);
      return sent;
    },
    issued: () => [],
  };
}

function documentChecks(members: readonly string[]): Checks {
  let first: Buffer | undefined;
  return {
    check: (response, _credential, sent) => {
      if (first === undefined) {
        const body = readBody(response, 200);
        for (const name of members) if (body[name] === undefined) throw new WrongAnswer(`the document has no ${name}`);
        first = Buffer.from(response.bodyText(), 'latin1');
      } else if (response.status !== 200 || !response.bodyEquals(first)) {
        throw new WrongAnswer('another document than before');
      }
      return sent;
    },
    issued: () => [],
  };
}

function readBody(response: ResponseReader, status: number): Members {
  const text = response.bodyText();
  if (response.status !== status) throw new WrongAnswer(`${response.status} ${text.slice(0, 300)}`);
  const body: unknown = JSON.parse(text);
  if (!isMembers(body)) throw new WrongAnswer('not a JSON object');
  return body;
}

function textOf(body: Members, name: string): string {
  const value = body[name];
  if (typeof value !== 'string') throw new WrongAnswer(`${name} is missing`);
  return value;
}

function hasScope(value: unknown, scope: string): boolean {
  if (typeof value !== 'string') return false;
  const granted = value.split(' ');
  return scope.split(' ').every((name) => granted.includes(name));
}
