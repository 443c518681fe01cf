import { createHmac, randomUUID } from 'node:crypto';
import { formatBearerChallenge } from '@hufu/protocol/bearer';
import { OAuthError } from '@hufu/protocol/errors';
import { MAX_PASSPORT, type PassportLevel, writePassport } from '@hufu/protocol/passport';
import type { LiveToken } from '@hufu/resource/verification';
import type { Identity } from '../identify/identify.ts';
import type { OwnEndpoints, PassportSource, StatedPassport } from '../pipeline.ts';
import { type Refusal, refuse } from '../proxy/refusal.ts';
import type { Route } from '../routes/route.ts';
import { type Described, describe, type PassportSourceName, sourceOf } from './describe.ts';
import { jwksEndpoint } from './jwks-endpoint.ts';
import { type PassportKey, passportRing, sharedKey } from './ring.ts';
import {
  acrValuesFor,
  DEFAULT_LEVELS,
  DEFAULT_TTL_SECONDS,
  type PassportLevels,
  type PassportService,
  type PassportSettings,
  servicesOf,
} from './settings.ts';
import { type PassportEffects, type StatementOutcome, Statements } from './statements.ts';

/** What Passports need of their gateway. */
export interface PassportParts {
  readonly nowMs: () => number;
  /** Names of the gateway's upstreams. */
  readonly upstreams: readonly string[];
  /** What services may ask for is done by; left out, nothing is. */
  readonly effects?: PassportEffects;
  /** Called with what became of each statement of a service. Never throws. */
  readonly onStatement?: (outcome: StatementOutcome) => void;
}

/** The Passports of an edge. */
export interface Passports extends PassportSource {
  /** `/edge/passport/jwks`: what services verify them with. */
  readonly endpoint: OwnEndpoints;
}

/** One that was made, and from when until when it is handed out again (seconds since 1970). */
interface Kept {
  readonly lines: readonly string[];
  readonly level: PassportLevel;
  readonly madeAt: number;
  readonly until: number;
}

/** Those for one service, by how the token came. */
type KeptOf = Readonly<Record<PassportSourceName, WeakMap<LiveToken, Kept>>>;

const MAX_REUSE_SECONDS = 30;

const TOO_LARGE = refuse(431, 'passport_too_large', 'what the token says of its user is too much to be passed on');
const LENIENT = refuse(503, 'renewal_unavailable', 'the sign-in cannot be renewed at the moment, and this needs a fresh one', [
  'retry-after',
  '5',
]);
const TOO_LOW = refuse(403, 'level_too_low', 'this needs somebody of whom more is known');
const STEP_UP = new OAuthError('insufficient_user_authentication', 'the user has to authenticate more strongly for this');

/**
 * Makes the Passports of an edge: who a request is from, signed for the one service that gets it, and good for a minute. One is handed out again for half of its
 * time (30 seconds at most) to requests with the same token that came in the same way: tokens are frozen and are looked at anew with each request, so what a Passport
 * says of one cannot change, and one that was revoked gets none.
 *
 * @throws {TypeError} that says what about the settings cannot be
 */
export function createPassports(settings: PassportSettings, parts: PassportParts): Passports {
  const services = servicesOf(settings, parts.upstreams);
  const levels: PassportLevels = { ...DEFAULT_LEVELS, ...settings.levels };
  const ring = passportRing(settings.secrets, parts.nowMs() / 1_000);
  const shared = new Map<PassportService, PassportKey>();
  for (const service of services.values()) {
    const { secret } = service;
    if (secret === undefined) continue;
    shared.set(
      service,
      sharedKey(secret, (input) => createHmac('sha256', secret).update(input).digest('base64url')),
    );
  }
  const { edge, ttlSeconds = DEFAULT_TTL_SECONDS, deviceClaims } = settings;
  const statements = new Statements({ edge, levels, ...parts });
  const reuseSeconds = Math.min(ttlSeconds / 2, MAX_REUSE_SECONDS);
  const kept = new Map<PassportService, KeptOf>();
  for (const service of services.values())
    kept.set(service, { session: new WeakMap(), bearer: new WeakMap(), dpop: new WeakMap(), mtls: new WeakMap() });

  function make(
    identity: Identity,
    described: Described,
    service: PassportService,
    now: number,
  ): { readonly id: string; readonly text: string; readonly expiresAt: number } {
    const id = randomUUID();
    const iat = Math.floor(now);
    const end = Math.min(identity.token.expiresAt, identity.session?.expiresAt ?? Number.POSITIVE_INFINITY);
    // Tokens are taken for a moment after their end, and their Passports are good for that moment.
    const until = identity.session?.lenientUntil ?? Math.max(end, iat + 1);
    const expiresAt = Math.floor(Math.min(iat + ttlSeconds, until));
    const { head, sign } = shared.get(service) ?? ring.signer(now);
    const claims = { ...writePassport({ issuer: edge, audience: service.name, ...described }), jti: id, iat, exp: expiresAt };
    const input = head + Buffer.from(JSON.stringify(claims)).toString('base64url');
    return { id, text: `${input}.${sign(input)}`, expiresAt };
  }

  function headers(identity: Identity, route: Route): readonly string[] | StatedPassport | Refusal {
    const { send, minLevel, actions } = route.passport;
    const service = services.get(route.upstreamName);
    if (!send || service === undefined) return NOTHING;
    const now = parts.nowMs() / 1_000;
    const source = sourceOf(identity);
    const isLenient = identity.session?.lenientUntil !== undefined;
    const known = isLenient || actions ? undefined : kept.get(service)?.[source].get(identity.token);
    if (known !== undefined && known.level >= minLevel && now >= known.madeAt && now < known.until) return known.lines;
    const described = describe(identity, levels, deviceClaims);
    if (described.level < minLevel) return refusalOf(described, minLevel, levels);
    if (isLenient && (identity.session?.lenientUntil ?? 0) <= now + 1) return LENIENT;
    const { id, text, expiresAt } = make(identity, described, service, now);
    if (text.length > MAX_PASSPORT) return TOO_LARGE;
    const lines = ['passport', text];
    if (actions) return { kind: 'stated', lines, onAnswer: statements.expect({ id, service, described, identity }) };
    if (isLenient) return lines;
    const until = Math.min(now + reuseSeconds, expiresAt);
    kept.get(service)?.[source].set(identity.token, { lines, level: described.level, madeAt: now, until });
    return lines;
  }

  return { headers, endpoint: jwksEndpoint(ring.jwks) };
}

const NOTHING: readonly string[] = [];

/** Where a class of authentication would do, it is said which (RFC 9470 §3). */
function refusalOf({ user, device, isLenient }: Described, needed: PassportLevel, levels: PassportLevels): Refusal {
  if (isLenient) return LENIENT;
  const acrValues = user === undefined ? [] : acrValuesFor(needed, levels);
  const most = Math.min(levels.issuers.get(user?.issuer ?? '') ?? 3, levels.rule === 'min' ? (device?.level ?? 3) : 3);
  if (acrValues.length === 0 || most < needed) return TOO_LOW;
  const challenge = formatBearerChallenge({ error: STEP_UP, acrValues });
  return refuse(401, STEP_UP.code, STEP_UP.description, ['www-authenticate', challenge]);
}
