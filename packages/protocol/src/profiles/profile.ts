import type { ProfileName } from './profile-names.ts';

/** A named set of requirements that a client lives by (`hufu.profile`): some on its registration, some on each of its requests. */
export interface Profile {
  readonly name: ProfileName;
  readonly rules: ProfileRules;
  /** What it wants of this registration, met or not. */
  findDemands(registration: Registration): readonly ProfileDemand[];
  /** What its registration lacks; empty for a client that meets the profile. */
  findFaults(registration: Registration): readonly ProfileFault[];
}

/** A profile by what it demands: a fault is a demand that is not met, and there are no others. */
export function defineProfile({ name, rules, findDemands }: Omit<Profile, 'findFaults'>): Profile {
  return {
    name,
    rules,
    findDemands,
    findFaults: (registration) => findDemands(registration).flatMap(({ faults }) => faults),
  };
}

/**
 * `one_of`: what is chosen is among `values`. `only`: everything in the list is. `not`: none of `values` is there. `https`: every address is. `needed`: it is there, or
 * true. `either`: it is, or one of the members that `values` names is.
 */
export const DEMAND_RULES = ['one_of', 'only', 'not', 'https', 'needed', 'either'] as const;

/** One thing that a profile wants of a registration. */
export interface ProfileDemand {
  /** The member to change, under its wire name; a dot leads into `hufu`. */
  readonly member: string;
  readonly rule: (typeof DEMAND_RULES)[number];
  readonly values: readonly string[];
  /** What the client has there; empty where that is nothing. */
  readonly has: readonly string[];
  /** Empty where it is met. */
  readonly faults: readonly ProfileFault[];
}

/** What profiles look at of a client's metadata. `ClientMetadata` is one. */
export interface Registration {
  readonly applicationType: 'web' | 'native';
  readonly redirectUris: readonly string[];
  readonly tokenEndpointAuthMethod: string;
  readonly grantTypes: readonly string[];
  readonly responseTypes: readonly string[];
  readonly idTokenSignedResponseAlg: string;
  readonly userinfoSignedResponseAlg: string | undefined;
  readonly authorizationSignedResponseAlg: string | undefined;
  readonly introspectionSignedResponseAlg: string | undefined;
  readonly requestObjectSigningAlg: string | undefined;
  readonly tokenEndpointAuthSigningAlg: string | undefined;
  readonly backchannelAuthentication: { readonly mode: string; readonly requestSigningAlg: string | undefined } | undefined;
  readonly requireSignedRequestObject: boolean;
  readonly dpopBoundAccessTokens: boolean;
  readonly certificateBoundAccessTokens: boolean;
  readonly settings: { readonly pkce: 'required' | 'optional' | undefined };
}

export interface ProfileFault {
  /** Of the metadata, under its wire name. */
  readonly member: string;
  /** Reads on from the member's name: `is none, but …`. */
  readonly message: string;
}

/** What a client's requests have to be like. */
export interface ProfileRules {
  /** Whether an authorization request has to be pushed (RFC 9126 §5). */
  readonly pushedRequest: 'required' | 'optional';
  /** Whether it has to be a signed object (RFC 9101 §10.5). */
  readonly signedRequest: 'required' | 'optional';
  readonly requestObject: RequestObjectRules;
  /** Whether a code needs a `code_challenge`. `pushed`: where the request was pushed. */
  readonly codeChallenge: 'required' | 'pushed' | 'as_registered';
  /** Whether a request has to say its scope, and a nonce where that has openid (FAPI 1.0 Baseline §5.2.2.2). */
  readonly scopeAndNonce: 'required' | 'optional';
  /** Whether an answer without an ID token has to be a JWT (JARM §2.3): always, or where the client registered with which algorithm. */
  readonly signedAnswer: 'required' | 'if_registered' | 'optional';
  /** `issuer`: the `aud` of a client assertion is our issuer, as one string. `among`: others may be listed beside us (RFC 7519 §4.1.3). */
  readonly assertionAudience: 'issuer' | 'ours' | 'among';
  /** The only algorithms of what the client signs; undefined: any. */
  readonly signatureAlgs: readonly string[] | undefined;
  /** Whether a request names the resource that it is for (RFC 8707 §2). */
  readonly resource: 'required' | 'optional';
  /** The scopes of a client that registered itself and named none (RFC 7591 §2): those about the user, or every one that there is. */
  readonly unsaidScope: 'about_user' | 'every';
  /** Whether refreshing brings a new refresh token. */
  readonly rotation: 'off' | 'as_registered';
}

/** How strictly request objects are read, beyond what RFC 9101 §6 demands of all. */
export interface RequestObjectRules {
  /** `bounded`: `exp` and `nbf` are there, `exp` at most an hour after `nbf`, and `nbf` at most an hour ago. */
  readonly times: 'optional' | 'bounded';
  readonly audience: 'optional' | 'required';
}

/** Of a client without a profile. */
export const NO_PROFILE: ProfileRules = {
  pushedRequest: 'optional',
  signedRequest: 'optional',
  requestObject: { times: 'optional', audience: 'optional' },
  codeChallenge: 'as_registered',
  scopeAndNonce: 'optional',
  signedAnswer: 'optional',
  assertionAudience: 'ours',
  signatureAlgs: undefined,
  resource: 'optional',
  unsaidScope: 'about_user',
  rotation: 'as_registered',
};

/** A member whose value has to be one of those named. An undefined value is nothing chosen, and no fault. */
export function requireOneOf(member: string, value: string | undefined, allowed: readonly string[], why: string): ProfileDemand {
  const met = value === undefined || allowed.includes(value);
  const faults = met ? [] : [{ member, message: `is ${value}; ${why} knows ${allowed.join(', ')}` }];
  return { member, rule: 'one_of', values: allowed, has: value === undefined ? [] : [value], faults };
}

/** A list whose members all have to be among those named. */
export function requireOnly(member: string, values: readonly string[], allowed: readonly string[], why: string): ProfileDemand {
  const faults = values
    .filter((value) => !allowed.includes(value))
    .map((value) => ({ member, message: `has ${value}, which ${why} does not allow` }));
  return { member, rule: 'only', values: allowed, has: values, faults };
}

/** Answers come back over TLS, or stay on the device (RFC 8252 §7). */
export function requireSafeRedirects({ redirectUris, applicationType }: Registration, why: string): readonly ProfileDemand[] {
  if (applicationType === 'native') return [];
  const faults = redirectUris
    .filter((uri) => !uri.startsWith('https:'))
    .map((uri) => ({ member: 'redirect_uris', message: `has ${uri}, and ${why} wants https` }));
  return [{ member: 'redirect_uris', rule: 'https', values: [], has: redirectUris, faults }];
}
