import { OAuthError } from './errors.ts';

/** What is asked of one claim (OpenID Connect Core §5.5.1). */
export interface ClaimRule {
  readonly essential: boolean;
  /** The values that are wanted, best first; empty where any will do. */
  readonly values: readonly unknown[];
}

/** The `claims` parameter (OpenID Connect Core §5.5): what is asked for by name, and where it is to stand. */
export interface ClaimsRequest {
  readonly userinfo: ReadonlyMap<string, ClaimRule>;
  readonly idToken: ReadonlyMap<string, ClaimRule>;
}

export const NO_CLAIMS: ClaimsRequest = { userinfo: new Map(), idToken: new Map() };

/**
 * Reads the `claims` parameter. Members that we do not know are nothing (§5.5), but what we know has its shape: anything else is
 * `invalid_request`. At most 4,096 characters, 64 claims a place and 20 values a claim.
 */
export function readClaimsRequest(text: string | undefined): ClaimsRequest {
  if (text === undefined) return NO_CLAIMS;
  if (text.length > MAX_LENGTH) throw refuse(`is longer than ${MAX_LENGTH} characters`);
  const root = parse(text);
  if (!isObject(root) || Object.hasOwn(root, '__proto__')) throw refuse('is not a JSON object of places');
  return { userinfo: readPlace(root, 'userinfo'), idToken: readPlace(root, 'id_token') };
}

const MAX_LENGTH = 4_096;
const MAX_CLAIMS = 64;
const MAX_VALUES = 20;
const MAX_NAME = 128;

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw refuse('is not JSON');
  }
}

function readPlace(root: Readonly<Record<string, unknown>>, name: 'userinfo' | 'id_token'): ReadonlyMap<string, ClaimRule> {
  const place = Object.hasOwn(root, name) ? root[name] : undefined;
  if (place === undefined || place === null) return new Map();
  if (!isObject(place)) throw refuse(`has a ${name} that is not an object`);
  const entries = Object.entries(place);
  if (entries.length > MAX_CLAIMS) throw refuse(`asks for more than ${MAX_CLAIMS} claims`);
  return new Map(
    entries.map(([claim, rule]) => {
      if (claim === '' || claim.length > MAX_NAME || claim === '__proto__') throw refuse('has a claim name that is none');
      return [claim, readRule(rule)];
    }),
  );
}

function readRule(rule: unknown): ClaimRule {
  if (rule === null) return { essential: false, values: [] };
  if (!isObject(rule)) throw refuse('has a claim that is neither null nor an object');
  const { essential = false, value, values } = rule;
  if (typeof essential !== 'boolean') throw refuse('has an essential that is neither true nor false');
  if (values !== undefined && (!Array.isArray(values) || values.length > MAX_VALUES)) throw refuse('has values that are not a short list');
  if (value !== undefined && values !== undefined) throw refuse('has value and values for one claim');
  return { essential, values: value === undefined ? (values ?? []) : [value] };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function refuse(what: string): OAuthError {
  return new OAuthError('invalid_request', `claims ${what}`);
}
