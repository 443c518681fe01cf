/**
 * What an edge and the services behind it say to each other: Passports, and the statements that services answer with. Both are signed JWTs (RFC 7519); here is
 * only what stands in them. Nothing is verified here.
 */

/** `typ` of a Passport, and of a statement about one: neither is ever taken for the other, or for a token (RFC 8725 §3.11). */
export const PASSPORT_TYPE = 'passport+jwt';
export const PASSPORT_ACTION_TYPE = 'passport-action+jwt';
/** The longest Passport, and the longest statement, in characters. */
export const MAX_PASSPORT = 8_192;
export const MAX_PASSPORT_ACTION = 4_096;

/** How much is known of who it is: 0 nothing, 1 something that may be out of date, 2 who is signed in, 3 somebody who has shown it strongly. */
export type PassportLevel = 0 | 1 | 2 | 3;

/** What a service may ask of the edge. */
export const PASSPORT_ACTIONS = [
  'USER_LOGOUT',
  'USER_CLEAR_ALL',
  'USER_RENEW',
  'USER_STEP_UP',
  'DEVICE_CLEAR',
  'RENEW_RESCHEDULE',
] as const;

export type PassportAction = (typeof PASSPORT_ACTIONS)[number];

/** A user, as the edge knows one. */
export interface PassportUser {
  /** Who says so: a `sub` means something at its issuer alone. */
  readonly issuer: string;
  readonly subject: string;
  readonly tenant: string | undefined;
  /** Through which client. */
  readonly clientId: string;
  readonly scopes: readonly string[];
  /** By what the edge knows: `session`, `bearer`, `dpop`, `mtls`. */
  readonly source: string;
  readonly level: PassportLevel;
  /** Seconds since 1970. */
  readonly authTime: number | undefined;
  readonly acr: string | undefined;
  readonly amr: readonly string[] | undefined;
  /** `sid`: the session at the issuer. */
  readonly sessionId: string | undefined;
}

/** Somebody who is not known to be a user: a client of its own, as a rule. */
export type PassportClient = Omit<PassportUser, 'authTime' | 'acr' | 'amr' | 'sessionId'>;

/** A device, as the edge knows one. */
export interface PassportDevice {
  readonly id: string;
  readonly type: string | undefined;
  /** `dpop`, `mtls` or `claim`. */
  readonly source: string;
  readonly level: PassportLevel;
}

/** What a Passport says. */
export interface PassportContents {
  /** The edge. */
  readonly issuer: string;
  /** The one service that it is for. */
  readonly audience: string;
  readonly id: string;
  /** Seconds since 1970. */
  readonly issuedAt: number;
  readonly expiresAt: number;
  /** One of both. */
  readonly user: PassportUser | undefined;
  readonly client: PassportClient | undefined;
  readonly device: PassportDevice | undefined;
  /** Of all of it together. */
  readonly level: PassportLevel;
  /** Who acts for the user (RFC 8693 §4.1). */
  readonly actor: Readonly<Record<string, unknown>> | undefined;
  /** The issuer of the user's tokens is away: this is how it was when it was last heard. */
  readonly isLenient: boolean;
}

/** What a service states of a Passport that came with a request, in answer to it. */
export interface PassportStatement {
  /** The service. */
  readonly issuer: string;
  /** The edge. */
  readonly audience: string;
  readonly id: string;
  readonly issuedAt: number;
  readonly expiresAt: number;
  /** `id` of the Passport. */
  readonly passportId: string;
  readonly action: string;
  /** The user, session or device that it is about, as the Passport names it. */
  readonly subject: string;
  /** For `USER_STEP_UP`. */
  readonly level: PassportLevel | undefined;
}

type Json = Readonly<Record<string, unknown>>;

/** The claims of a Passport but `jti`, `iat` and `exp`: what stays the same from one to the next. */
export function writePassport(contents: Omit<PassportContents, 'id' | 'issuedAt' | 'expiresAt'>): Json {
  const { issuer, audience, user, client, device, level, actor, isLenient } = contents;
  return {
    v: VERSION,
    iss: issuer,
    aud: audience,
    ...(user !== undefined && { user: writeUser(user) }),
    ...(client !== undefined && { client: writeClient(client) }),
    ...(device !== undefined && { device: writeDevice(device) }),
    level,
    ...(actor !== undefined && { act: actor }),
    ...(isLenient && { lenient: true }),
  };
}

/** Reads the claims of a Passport; undefined where a claim is missing or not what it has to be, and for a version that is not known here. Claims that are not known are passed over. */
export function readPassport(claims: Json): PassportContents | undefined {
  const { v, iss, aud, jti, iat, exp, level, act, lenient = false } = claims;
  if (v !== VERSION || !isText(iss) || !isText(aud) || !isText(jti) || !isTime(iat) || !isTime(exp) || !isLevel(level)) return undefined;
  if (typeof lenient !== 'boolean' || (act !== undefined && !isObject(act))) return undefined;
  const user = claims['user'] === undefined ? undefined : readUser(claims['user']);
  const client = claims['client'] === undefined ? undefined : readClient(claims['client']);
  const device = claims['device'] === undefined ? undefined : readDevice(claims['device']);
  if (user === 'wrong' || client === 'wrong' || device === 'wrong' || (user === undefined) === (client === undefined)) return undefined;
  const contents = { issuer: iss, audience: aud, id: jti, issuedAt: iat, expiresAt: exp };
  return { ...contents, user, client, device, level, actor: act, isLenient: lenient };
}

export function writeStatement({ passportId, issuer, audience, id, issuedAt, expiresAt, action, subject, level }: PassportStatement): Json {
  const claims = { v: VERSION, iss: issuer, aud: audience, jti: id, iat: issuedAt, exp: expiresAt, pid: passportId, action, sub: subject };
  return level === undefined ? claims : { ...claims, level };
}

/** Reads the claims of a statement; undefined where one is missing or wrong. */
export function readStatement(claims: Json): PassportStatement | undefined {
  const { v, iss, aud, jti, iat, exp, pid, action, sub, level } = claims;
  if (v !== VERSION || !isText(iss) || !isText(aud) || !isText(jti) || !isTime(iat) || !isTime(exp)) return undefined;
  if (!isText(pid) || !isText(action) || !isText(sub) || (level !== undefined && !isLevel(level))) return undefined;
  return { issuer: iss, audience: aud, id: jti, issuedAt: iat, expiresAt: exp, passportId: pid, action, subject: sub, level };
}

const VERSION = 1;

function writeClient({ issuer, subject, tenant, clientId, scopes, source, level }: PassportClient): Json {
  return {
    iss: issuer,
    sub: subject,
    ...(tenant !== undefined && { tenant }),
    client_id: clientId,
    scope: scopes.join(' '),
    src: source,
    level,
  };
}

function writeUser(user: PassportUser): Json {
  const { authTime, acr, amr, sessionId } = user;
  return {
    ...writeClient(user),
    ...(authTime !== undefined && { auth_time: authTime }),
    ...(acr !== undefined && { acr }),
    ...(amr !== undefined && { amr }),
    ...(sessionId !== undefined && { sid: sessionId }),
  };
}

function writeDevice({ id, type, source, level }: PassportDevice): Json {
  return { id, ...(type !== undefined && { type }), src: source, level };
}

function readClient(value: unknown): PassportClient | 'wrong' {
  if (!isObject(value)) return 'wrong';
  const { iss, sub, tenant, client_id: clientId, scope, src, level } = value;
  if (!isText(iss) || !isText(sub) || typeof clientId !== 'string' || typeof scope !== 'string' || !isText(src) || !isLevel(level))
    return 'wrong';
  if (tenant !== undefined && !isText(tenant)) return 'wrong';
  return { issuer: iss, subject: sub, tenant, clientId, scopes: scope === '' ? [] : scope.split(' '), source: src, level };
}

function readUser(value: unknown): PassportUser | 'wrong' {
  const read = readClient(value);
  if (read === 'wrong' || !isObject(value)) return 'wrong';
  const { auth_time: authTime, acr, amr, sid } = value;
  if ((authTime !== undefined && !isTime(authTime)) || (acr !== undefined && !isText(acr)) || (sid !== undefined && !isText(sid)))
    return 'wrong';
  if (amr !== undefined && !isTexts(amr)) return 'wrong';
  return { ...read, authTime, acr, amr, sessionId: sid };
}

function readDevice(value: unknown): PassportDevice | 'wrong' {
  if (!isObject(value)) return 'wrong';
  const { id, type, src, level } = value;
  if (!isText(id) || (type !== undefined && !isText(type)) || !isText(src) || !isLevel(level)) return 'wrong';
  return { id, type, source: src, level };
}

/** Whether it is one of the four. */
export function isLevel(value: unknown): value is PassportLevel {
  return value === 0 || value === 1 || value === 2 || value === 3;
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every(isText);
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
