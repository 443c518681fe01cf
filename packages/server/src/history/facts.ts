import type { ErrorCode } from '@hufu/protocol/errors';
import type { Form } from '@hufu/protocol/form';
import type { Check } from '../decisions/checks.ts';

/** How a request was refused. */
export interface Refused {
  /** The check that failed. */
  readonly check: Check | '';
  readonly error: ErrorCode;
}

/** What of a request at the token endpoint a configuration decides about, and what became of it. Ids, names and words of the configuration alone: no credential, no address, nothing of a user but their number. */
export interface TokenFacts {
  readonly kind: 'token';
  readonly client: string;
  /** How the client was registered to prove itself, and did; '' where it was refused before that. */
  readonly auth: string;
  readonly grantType: string;
  readonly scope: string | undefined;
  readonly resources: readonly string[];
  readonly redirectUri: string | undefined;
  /** The grant that its credential is of, once that was proven; so are the two below. */
  readonly grant: number | undefined;
  /** Seconds since 1970. */
  readonly at: number | undefined;
  /** Seconds since the rotation before it. */
  readonly idle: number | undefined;
  /** Who gave their password. */
  readonly user: number | undefined;
  /** Of its access token; undefined where it got none, or nobody knows what its assertion was good for. */
  readonly granted: readonly string[] | undefined;
  readonly refused: Refused | undefined;
}

/** The same of an authorization request: one that got its answer, or was refused at the endpoint. */
export interface AuthorizeFacts {
  readonly kind: 'authorize';
  readonly client: string;
  readonly isPushed: boolean;
  /** Parameters by which it is judged; empty where it came as a reference or a request object and was refused. */
  readonly params: Readonly<Record<string, string>>;
  readonly resources: readonly string[];
  /** Who got the answer, and what their session showed. */
  readonly session: AnsweredSession | undefined;
  /** What it was answered with; undefined where it was refused. */
  readonly granted: readonly string[] | undefined;
  readonly refused: Refused | undefined;
}

export interface AnsweredSession {
  readonly user: number;
  /** RFC 8176. */
  readonly amr: readonly string[];
  /** `ProvedMethod`s. */
  readonly methods: readonly unknown[];
  /** Seconds since the user proved themselves, and since the session began. */
  readonly authAge: number;
  readonly age: number;
  /** They signed in for this very request. */
  readonly isNew: boolean;
}

/** Requests for which there was no room. */
export interface LostFacts {
  readonly kind: 'lost';
}

export type Facts = TokenFacts | AuthorizeFacts | LostFacts;

/** Parameters of an authorization request that a configuration decides about. */
const JUDGED = [
  'redirect_uri',
  'response_type',
  'response_mode',
  'scope',
  'prompt',
  'max_age',
  'acr_values',
  'code_challenge_method',
] as const;
/** Those that are only there or not. */
const PRESENT = ['code_challenge', 'nonce'] as const;
/** Of which the parameters are somewhere else. */
const BY_REFERENCE = ['request', 'request_uri'];
/** UTF-16 units of all that is kept of one request; what is longer is judged by nobody. It bounds what a stranger writes into the store, of which the rows alone are counted. */
const MAX_WORDS = 1_000;
const MAX_RESOURCES = 8;

/** What stands in for a parameter that was there. */
export const THERE = '1';

/** What is judged of an authorization request as it was sent: nothing where its parameters are somewhere else. */
export function sentParamsOf(form: Form): Pick<AuthorizeFacts, 'params' | 'resources'> {
  return BY_REFERENCE.some((name) => form.has(name)) ? { params: {}, resources: [] } : paramsOf(form);
}

/** The same of the parameters themselves: nothing where they are too long. */
export function paramsOf(form: Form): Pick<AuthorizeFacts, 'params' | 'resources'> {
  const params: Record<string, string> = {};
  const resources = form.many('resource');
  for (const name of JUDGED) {
    const value = form.get(name);
    if (value !== undefined) params[name] = value;
  }
  if (!isShort(Object.values(params), resources)) return { params: {}, resources: [] };
  for (const name of PRESENT) if (form.get(name) !== undefined) params[name] = THERE;
  return { params, resources };
}

/** What is judged of a token request as it was sent: nothing where it is too long. */
export function askedOf(form: Form): Pick<TokenFacts, 'grantType' | 'scope' | 'resources' | 'redirectUri'> {
  const grantType = form.get('grant_type') ?? '';
  const scope = form.get('scope');
  // Of others nobody asks for it.
  const redirectUri = grantType === 'authorization_code' ? form.get('redirect_uri') : undefined;
  const resources = form.many('resource');
  if (isShort([grantType, scope ?? '', redirectUri ?? ''], resources)) return { grantType, scope, resources, redirectUri };
  return { grantType: '', scope: undefined, resources: [], redirectUri: undefined };
}

function isShort(values: readonly string[], resources: readonly string[]): boolean {
  if (resources.length > MAX_RESOURCES) return false;
  let length = 0;
  for (const value of values) length += value.length;
  for (const resource of resources) length += resource.length;
  return length <= MAX_WORDS;
}

export function writeFacts(facts: Facts): string {
  return JSON.stringify(facts);
}

/** Undefined for what another version has written, and this one does not know. */
export function readFacts(text: string): Facts | undefined {
  const value: Partial<Facts> = Object(JSON.parse(text));
  if (value.kind === 'lost') return { kind: 'lost' };
  if (value.kind === 'token' && isText(value.client, value.auth, value.grantType) && Array.isArray(value.resources))
    return value as TokenFacts;
  if (value.kind === 'authorize' && isText(value.client) && typeof value.params === 'object' && Array.isArray(value.resources))
    return value as AuthorizeFacts;
  return undefined;
}

function isText(...values: readonly unknown[]): boolean {
  return values.every((value) => typeof value === 'string');
}
