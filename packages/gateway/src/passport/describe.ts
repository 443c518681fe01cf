import type { PassportClient, PassportContents, PassportDevice, PassportLevel, PassportUser } from '@hufu/protocol/passport';
import type { LiveToken } from '@hufu/resource/verification';
import type { Identity } from '../identify/identify.ts';
import type { PassportLevels, PassportSettings } from './settings.ts';

/** How a request says who it is from. */
export type PassportSourceName = 'session' | 'bearer' | 'dpop' | 'mtls';

/** What of an identity stands in a Passport. */
export type Described = Pick<PassportContents, 'user' | 'client' | 'device' | 'level' | 'actor' | 'isLenient'>;

/** While nobody can say whether it is still so. */
const LENIENT_LEVEL: PassportLevel = 1;

export function sourceOf({ session, token }: Identity): PassportSourceName {
  if (session !== undefined) return 'session';
  if (token.confirmation === undefined) return 'bearer';
  return token.confirmation.method === 'jkt' ? 'dpop' : 'mtls';
}

/** Says who an identity is, and how much is known of it. */
export function describe(identity: Identity, levels: PassportLevels, deviceClaims: PassportSettings['deviceClaims']): Described {
  const { token, of, session } = identity;
  const isLenient = session?.lenientUntil !== undefined;
  const most = lower(levels.issuers.get(token.issuer) ?? 3, isLenient ? LENIENT_LEVEL : 3);
  const source = sourceOf(identity);
  const acr = textOf(token, 'acr');
  const lifted = of === 'user' && acr !== undefined ? (levels.acr.get(acr) ?? 0) : 0;
  const own = lower(higher(levels[source], lifted), most);
  const who: PassportClient = {
    issuer: token.issuer,
    subject: token.subject,
    tenant: textOf(token, 'tenant'),
    clientId: token.clientId,
    scopes: token.scopes,
    source,
    level: own,
  };
  const device = deviceOf(token, levels, deviceClaims, most);
  return {
    user: of === 'user' ? userOf(who, token, acr) : undefined,
    client: of === 'user' ? undefined : who,
    device,
    level: device === undefined || levels.rule === 'user' ? own : lower(own, device.level),
    actor: objectOf(token, 'act'),
    isLenient,
  };
}

function userOf(who: PassportClient, token: LiveToken, acr: string | undefined): PassportUser {
  const { auth_time: authTime, amr } = token.claims;
  return {
    ...who,
    authTime: typeof authTime === 'number' && Number.isFinite(authTime) && authTime >= 0 ? authTime : undefined,
    acr,
    amr: Array.isArray(amr) && amr.every((one) => typeof one === 'string' && one !== '') ? amr : undefined,
    sessionId: textOf(token, 'sid'),
  };
}

/** The key that a token is bound to says more of a device than a claim does. */
function deviceOf(
  token: LiveToken,
  levels: PassportLevels,
  claims: PassportSettings['deviceClaims'],
  most: PassportLevel,
): PassportDevice | undefined {
  const { confirmation } = token;
  const type = claims?.type === undefined ? undefined : textOf(token, claims.type);
  if (confirmation !== undefined) {
    const isDpop = confirmation.method === 'jkt';
    const level = lower(isDpop ? levels.deviceDpop : levels.deviceMtls, most);
    return { id: confirmation.thumbprint, type, source: isDpop ? 'dpop' : 'mtls', level };
  }
  const id = claims === undefined ? undefined : textOf(token, claims.id);
  return id === undefined ? undefined : { id, type, source: 'claim', level: lower(levels.deviceClaim, most) };
}

function textOf({ claims }: LiveToken, name: string): string | undefined {
  const value = claims[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function objectOf({ claims }: LiveToken, name: string): Readonly<Record<string, unknown>> | undefined {
  const value = claims[name];
  return isObject(value) ? value : undefined;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function lower(one: PassportLevel, other: PassportLevel): PassportLevel {
  return one < other ? one : other;
}

function higher(one: PassportLevel, other: PassportLevel): PassportLevel {
  return one > other ? one : other;
}
