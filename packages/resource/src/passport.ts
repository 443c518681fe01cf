import { createHmac, createSecretKey, type KeyObject, timingSafeEqual } from 'node:crypto';
import { type ReadJwt, readJwt } from '@hufu/protocol/jwt';
import { MAX_PASSPORT, PASSPORT_TYPE, type PassportContents, type PassportLevel, readPassport } from '@hufu/protocol/passport';
import { ALGORITHMS } from './algorithms.ts';
import { systemNowMs } from './clock.ts';
import type { Fetch } from './fetch-document.ts';
import type { VerificationKey } from './key-set.ts';
import { KeySource } from './key-source.ts';

export interface PassportOptions {
  /** The name of the edge, byte for byte the `iss` of its Passports. */
  readonly edge: string;
  /** The name of this service, as the edge calls it (`aud`). */
  readonly service: string;
  /** Where the edge publishes its keys (`/edge/passport/jwks`): a Passport has to be signed with one of them (ES256). */
  readonly jwksUri?: string;
  /** Instead: what this service and the edge share, 32 bytes at least each; one to sign and those before it, 4 at most (HS256). */
  readonly secrets?: readonly (string | Uint8Array)[];
  /** By how many seconds the clocks may differ: 5 by default. */
  readonly clockTolerance?: number;
  readonly fetch?: Fetch;
  readonly nowMs?: () => number;
}

/** Who a request is from, as the edge says it. Frozen. */
export interface Passport extends PassportContents {
  /** All claims under their wire names, also those that have no name here. */
  readonly claims: Readonly<Record<string, unknown>>;
  /**
   * Lets nobody pass of whom less is known.
   *
   * @param maxAuthAgeSeconds since the user authenticated, at most; who does not say when has not.
   * @throws PassportError
   */
  require(level: PassportLevel, maxAuthAgeSeconds?: number): void;
}

/** What there is of a Passport in a request. */
export type PassportReading =
  | { readonly kind: 'passport'; readonly passport: Passport }
  /** `status`: what to answer. */
  | { readonly kind: 'refused'; readonly status: 400 | 401 | 503; readonly reason: PassportRefusal; readonly cause?: unknown };

export type PassportRefusal =
  | 'no_passport'
  | 'two_passports'
  | 'malformed'
  | 'wrong_type'
  | 'wrong_algorithm'
  | 'wrong_edge'
  | 'wrong_service'
  | 'unknown_key'
  | 'keys_unavailable'
  | 'wrong_signature'
  | 'wrong_claims'
  | 'expired'
  | 'not_yet_valid';

/** Why a Passport is not good enough. `status` is 403: whoever it is may come back with a better one. */
export class PassportError extends Error {
  override readonly name = 'PassportError';
  readonly status = 403;
  readonly reason: 'level_too_low' | 'authenticated_too_long_ago';

  constructor(reason: PassportError['reason'], message: string) {
    super(message);
    this.reason = reason;
  }
}

/** Reads Passports. */
export interface PassportIntrospector {
  /** That of a request. Never rejects. */
  read(request: PassportRequest): Promise<PassportReading>;
  /** The value of a header `Passport`. Never rejects. */
  verify(text: string): Promise<PassportReading>;
}

/** A request of node:http (and what frameworks make of one), or of Fetch. */
export type PassportRequest = { readonly rawHeaders: readonly string[] } | { readonly headers: Headers };

const HEADER = 'passport';
const MAX_LIFE_SECONDS = 120;
const MAX_SECRETS = 4;
const SECRET_BYTES = 32;
/** Passports that are remembered: an edge sends the same one for up to half a minute. */
const MAX_KEPT = 1_000;

/**
 * Reads what an edge says of who a request is from. The request must have come from the edge: whoever reaches the service otherwise can only show a Passport that
 * somebody got, for as long as it is good. While the edge is away, keys that are known are used for a day.
 *
 * @throws {TypeError} when an option is not what it says it is.
 */
export function passportIntrospector(options: PassportOptions): PassportIntrospector {
  const { edge, service, jwksUri, secrets = [], clockTolerance = 5, nowMs = systemNowMs, fetch = globalThis.fetch } = options;
  if ((jwksUri === undefined) === (secrets.length === 0)) throw new TypeError('Passports are verified with jwksUri, or with secrets');
  if (!(clockTolerance >= 0 && clockTolerance <= 60)) throw new TypeError('clockTolerance is 0 to 60 seconds');
  if (secrets.length > MAX_SECRETS) throw new TypeError(`there are ${MAX_SECRETS} secrets at most`);
  const shared = secrets.map(readSecret);
  const keys = jwksUri === undefined ? undefined : new KeySource({ issuer: edge, jwksUri, fetch, nowMs });
  const kept = new Map<string, { readonly passport: Passport; readonly key: VerificationKey | undefined }>();

  /** Undefined: it holds now. */
  function findTimeFault({ issuedAt, expiresAt }: PassportContents): PassportRefusal | undefined {
    const now = nowMs() / 1_000;
    if (now >= expiresAt + clockTolerance) return 'expired';
    return now < issuedAt - clockTolerance ? 'not_yet_valid' : undefined;
  }

  async function verify(text: string): Promise<PassportReading> {
    const known = kept.get(text);
    if (known !== undefined && (known.key === undefined || keys?.peek(known.key.kid) === known.key)) {
      const fault = findTimeFault(known.passport);
      return fault === undefined ? { kind: 'passport', passport: known.passport } : refuse(fault);
    }
    const jwt = readJwt(text, MAX_PASSPORT);
    if (jwt === undefined) return refuse('malformed');
    const { alg, typ, kid } = jwt.header;
    if (typ !== PASSPORT_TYPE) return refuse('wrong_type');
    if (alg !== (keys === undefined ? 'HS256' : 'ES256')) return refuse('wrong_algorithm');
    // Not trusted yet: only so that strangers do not make us ask for keys.
    if (jwt.payload['iss'] !== edge) return refuse('wrong_edge');
    if (jwt.payload['aud'] !== service) return refuse('wrong_service');
    let key: VerificationKey | undefined;
    if (keys === undefined) {
      if (!shared.some((secret) => isMac(jwt, secret))) return refuse('wrong_signature');
    } else {
      if (typeof kid !== 'string') return refuse('unknown_key');
      const found = await keys.find(kid);
      if (found.kind === 'unavailable') return { kind: 'refused', status: 503, reason: 'keys_unavailable', cause: found.cause };
      if (found.kind === 'unknown') return refuse('unknown_key');
      key = found.key;
      const fault = findSignatureFault(jwt, key);
      if (fault !== undefined) return refuse(fault);
    }
    const contents = readPassport(jwt.payload);
    if (contents === undefined || contents.expiresAt - contents.issuedAt > MAX_LIFE_SECONDS) return refuse('wrong_claims');
    const fault = findTimeFault(contents);
    if (fault !== undefined) return refuse(fault);
    const passport = makePassport(contents, jwt.payload, nowMs);
    if (kept.size >= MAX_KEPT) kept.clear();
    kept.set(text, { passport, key });
    return { kind: 'passport', passport };
  }

  return {
    verify,
    async read(request) {
      const texts = headersOf(request);
      const [text] = texts;
      if (text === undefined) return refuse('no_passport');
      return texts.length > 1 ? { kind: 'refused', status: 400, reason: 'two_passports' } : verify(text);
    },
  };
}

function refuse(reason: PassportRefusal): PassportReading {
  return { kind: 'refused', status: 401, reason };
}

/** Each time that it stands there: Node joins what comes twice, and nobody can tell then. */
function headersOf(request: PassportRequest): readonly string[] {
  if (!('rawHeaders' in request)) {
    const value = request.headers.get(HEADER);
    return value === null ? [] : value.split(',', 2);
  }
  const { rawHeaders } = request;
  const found: string[] = [];
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? '';
    if (name.length === HEADER.length && name.toLowerCase() === HEADER) found.push(rawHeaders[at + 1] ?? '');
  }
  return found;
}

function readSecret(secret: string | Uint8Array): KeyObject {
  const bytes = Buffer.from(secret);
  if (bytes.length < SECRET_BYTES) throw new TypeError(`a secret has ${SECRET_BYTES} bytes at least`);
  return createSecretKey(bytes);
}

function isMac({ signingInput, signature }: ReadJwt, secret: KeyObject): boolean {
  const expected = createHmac('sha256', secret).update(signingInput).digest();
  return signature.length === expected.length && timingSafeEqual(signature, expected);
}

/** The key says what it is for (RFC 8725 §3.1). */
function findSignatureFault({ signingInput, signature, header }: ReadJwt, { key, alg }: VerificationKey): PassportRefusal | undefined {
  const scheme = ALGORITHMS.get(header.alg);
  if (scheme === undefined || (alg !== undefined && alg !== header.alg) || !scheme.fits(key)) return 'wrong_algorithm';
  return scheme.verify(signingInput, signature, key) ? undefined : 'wrong_signature';
}

function makePassport(contents: PassportContents, claims: Readonly<Record<string, unknown>>, nowMs: () => number): Passport {
  const { user, level } = contents;
  freezeAll(contents);
  freezeAll(claims);
  return Object.freeze({
    ...contents,
    claims,
    require(needed: PassportLevel, maxAuthAgeSeconds?: number): void {
      // Said so that what is no number lets nobody pass: a level that a configuration lacks.
      if (!(level >= needed)) throw new PassportError('level_too_low', `level ${needed} is needed, and it is ${level}`);
      if (maxAuthAgeSeconds === undefined) return;
      const authTime = user?.authTime;
      if (authTime === undefined || !(nowMs() / 1_000 - authTime <= maxAuthAgeSeconds))
        throw new PassportError('authenticated_too_long_ago', `the user has to have authenticated within ${maxAuthAgeSeconds} seconds`);
    },
  });
}

/** A list of what is left instead of recursion: `act` may be deep. */
function freezeAll(value: object): void {
  const left: object[] = [value];
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    Object.freeze(next);
    for (const member of Object.values(next)) if (typeof member === 'object' && member !== null) left.push(member);
  }
}
