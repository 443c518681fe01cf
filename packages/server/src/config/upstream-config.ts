import type { Secret } from './secret.ts';

/** Who else may say who somebody is. */
export type Upstream = OidcUpstream | OAuth2Upstream | SamlUpstream | LdapUpstream;

export interface UpstreamBase {
  /** In addresses and in the store: the same name is the same upstream for ever. */
  readonly name: string;
  readonly preset: string | undefined;
  /** As a button calls it; undefined: as its preset is called, or else its name. */
  readonly label: string | undefined;
  /** Switched off, nobody signs in by it or links it; what is linked stays. */
  readonly enabled: boolean;
  /** `verified_email`: somebody whom it names for the first time is whoever has that address here. */
  readonly link: 'off' | 'verified_email';
  /** Of the addresses that its word counts for; lower case. */
  readonly domains: readonly string[];
  /** Whether somebody whom nobody here knows gets an account. */
  readonly create: boolean;
  /** What a claim of ours is called there. */
  readonly claims: Readonly<Partial<Record<PersonClaim, string>>>;
}

/** Claims that an account may be made with (OpenID Connect Core §5.1). */
export type PersonClaim = 'name' | 'given_name' | 'family_name' | 'nickname' | 'preferred_username' | 'email' | 'email_verified' | 'locale';

export interface OidcUpstream extends UpstreamBase {
  readonly kind: 'oidc';
  readonly issuer: string;
  readonly clientId: string;
  /** How we prove ourselves at its token endpoint. */
  readonly clientAuth:
    | { readonly kind: 'basic' | 'post'; readonly secret: Secret<string> }
    | { readonly kind: 'none' }
    /** A JWT as the secret, signed anew each time. */
    | { readonly kind: 'apple'; readonly teamId: string; readonly keyId: string; readonly privateKey: Secret<string> };
  readonly scopes: readonly string[];
  /** Of its ID tokens: this one, and no other. */
  readonly idTokenAlg: string;
  readonly responseMode: 'query' | 'form_post';
  readonly userinfo: boolean;
  /** Its `mfa` counts as two factors. */
  readonly trustAmr: boolean;
}

export interface OAuth2Upstream extends UpstreamBase {
  readonly kind: 'oauth2';
  /** By what its people are kept apart from those of others. */
  readonly issuer: string;
  /** `iss` of its answers (RFC 9207), where it sends one. */
  readonly answerIssuer: string | undefined;
  readonly clientId: string;
  readonly clientSecret: Secret<string> | undefined;
  readonly clientAuth: 'basic' | 'post';
  readonly scopes: readonly string[];
  readonly pkce: boolean;
  readonly endpoints: OAuth2Endpoints;
  /** Member of its answer that names somebody for ever. */
  readonly subject: string;
  /** Further secrets that a preset needs, by its own names. */
  readonly keys: Readonly<Record<string, Secret<string>>>;
}

export interface OAuth2Endpoints {
  readonly authorization: string;
  readonly token: string;
  readonly userinfo: string;
  readonly emails: string | undefined;
}

export interface SamlUpstream extends UpstreamBase {
  readonly kind: 'saml';
  readonly entityId: string;
  readonly ssoUrl: string;
  /** In PEM. */
  readonly certificates: readonly string[];
  /** Attribute that names somebody for ever; undefined: the NameID, which has to be persistent. */
  readonly subject: string | undefined;
}

export interface LdapUpstream extends UpstreamBase {
  readonly kind: 'ldap';
  /** `ldap:` or `ldaps:`, host and port. */
  readonly url: string;
  readonly startTls: boolean;
  /** Path of a PEM file; undefined: whom the system trusts. */
  readonly ca: string | undefined;
  readonly bind: { readonly dn: string; readonly password: Secret<string> } | undefined;
  readonly baseDn: string;
  /** With `{username}` where the escaped name goes. */
  readonly filter: string;
  /** Attribute that names somebody for ever. */
  readonly subject: string;
}
