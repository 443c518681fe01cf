import type { Rule } from '@hufu/flow/rule';
import type { Role } from '@hufu/protocol/admin/roles';
import type { DetailType } from '@hufu/protocol/authorization-details';
import type { PublicJwks } from '@hufu/protocol/client-jwks';
import type { ClientId } from '@hufu/protocol/ids';
import type { Locale } from '@hufu/protocol/locale';
import type { EditableClaim } from '../accounts/editable-claims.ts';
import type { MailedEvent } from '../accounts/user-event-kinds.ts';
import type { BuiltinName, BuiltinRate } from '../limits/builtin.ts';
import type { LimitedMethod, Proven } from '../limits/limited-routes.ts';
import type { GatewayConfig } from './gateway-config.ts';
import type { Json } from './node.ts';
import type { Problem } from './problem.ts';
import type { Secret } from './secret.ts';
import type { Tls } from './tls-config.ts';
import type { Upstream } from './upstream-config.ts';

export type { Upstream };

/** `hufu.yaml` with everything resolved: defaults filled in, durations in seconds, variables replaced. */
export interface Config {
  /** The file it was read from, for messages. */
  readonly file: string;
  readonly mode: Mode;
  /** Byte for byte as configured; never ends in a slash. */
  readonly issuer: string;
  readonly listen: Listen;
  readonly tls: Tls | undefined;
  readonly trustedProxies: readonly Network[];
  /** Relative to the working directory, as every path here. */
  readonly dataDir: string;
  readonly database: Database;
  readonly signing: Signing;
  readonly clients: readonly ClientConfig[];
  readonly users: readonly UserConfig[];
  /** In the order of the file, which decides which resource a request means that names none. */
  readonly resources: readonly ResourceConfig[];
  /** `off` in mode test alone. */
  readonly limits: 'off' | LimitsConfig;
  /** What processes share that may be lost; the URL may hold a password. */
  readonly redis: Secret<string> | undefined;
  readonly policies: Policies;
  /** Which of them the file sets, and where. */
  readonly writtenPolicies: readonly WrittenPolicy[];
  /** In the order of the file, which is that of the buttons. */
  readonly upstreams: readonly Upstream[];
  /** How mail is sent; undefined: it is not, but for `/dev/mail`. */
  readonly mail: MailConfig | undefined;
  /** What is odd but no reason to stop. To be logged at the start. */
  readonly warnings: readonly Problem[];
  /** The edge gateway, where there is one. */
  readonly gateway: GatewayConfig | undefined;
  /** Whether `hufu start` serves the console. */
  readonly console: boolean;
}

/** How much there may be of what. */
export interface LimitsConfig {
  /** The server's own limits that are other than usual. */
  readonly builtin: ReadonlyMap<BuiltinName, BuiltinRate>;
  readonly rules: readonly LimitRule[];
  /** How many nodes may hold leases at a time. */
  readonly nodes: number;
}

/** A limit on requests to our own endpoints. */
export interface LimitRule {
  readonly rule: Rule;
  /** As `LIMITED_ROUTES` has them. */
  readonly routes: readonly string[];
  readonly methods: readonly LimitedMethod[];
  /** What has to be proven before it can be asked; nothing: it is asked before the body is read. */
  readonly needs: readonly Proven[];
  /** As it was written. */
  readonly written: Json;
}

/** `production` refuses what only tests may do; `test` adds what they need (a clock that can be set). */
export type Mode = 'production' | 'development' | 'test';

export interface Listen {
  /** Undefined: every interface. IPv6 without its brackets. */
  readonly host: string | undefined;
  /** 0: any free port. */
  readonly port: number;
}

/** Client certificates that a proxy has asked for, and tells of in a header. */
export interface ForwardedCertificates {
  /** RFC 9440. */
  readonly header: 'client-cert';
  /** Path of a PEM file: who issues the certificates of `tls_client_auth` (RFC 8705 §2.1). */
  readonly clientCa: string | undefined;
}

/** A range of addresses; a single one has the longest prefix. */
export interface Network {
  readonly address: string;
  readonly prefixLength: number;
  readonly family: 'ipv4' | 'ipv6';
}

export type Database =
  | { readonly kind: 'sqlite'; readonly path: string }
  /** The URL may hold a password. */
  | { readonly kind: 'postgres'; readonly url: Secret<string> };

export interface Signing {
  /** JOSE `alg`s of `keys/algorithms.ts`: at least one, each once. */
  readonly algorithms: readonly string[];
  readonly rotateEverySeconds: number;
}

export interface ClientConfig {
  readonly clientId: ClientId;
  readonly clientSecret: Secret<string> | undefined;
  /** RFC 7591 metadata under wire names, ours under `hufu`; checked, without `client_id` and `client_secret`. */
  readonly metadata: Readonly<Record<string, unknown>>;
}

export interface UserConfig {
  readonly username: string;
  /** Subject identifier, where the configuration names one (`claims.sub`). */
  readonly sub: string | undefined;
  readonly password: { readonly kind: 'plain'; readonly value: Secret<string> } | { readonly kind: 'hash'; readonly phc: Secret<string> };
  /** OpenID Connect Core §5.1 without `sub`, under wire names. */
  readonly claims: Readonly<Record<string, unknown>>;
}

/** Whom mails are from. */
export interface MailSender {
  /** '' where there is none. */
  readonly name: string;
  readonly address: string;
}

/** The server that takes our mails. */
export interface MailConfig {
  readonly from: MailSender;
  readonly replyTo: MailSender | undefined;
  /** IPv6 without its brackets. */
  readonly host: string;
  readonly port: number;
  readonly tls: 'starttls' | 'implicit' | 'off';
  readonly login: { readonly user: string; readonly password: Secret<string> } | undefined;
  /** Path of a PEM file: who issues its certificate; undefined: whom the Web trusts. */
  readonly ca: string | undefined;
}

export interface ResourceConfig {
  /** RFC 8707 §2: an absolute URI without a fragment; the `aud` of its tokens. */
  readonly identifier: string;
  readonly scopes: readonly string[];
  readonly tokenFormat: 'jwt' | 'opaque';
  readonly signingAlg: string;
  readonly tokenTtlSeconds: number;
}

/** See `policies.bot_check`. */
export type BotCheckConfig =
  | { readonly kind: 'proof_of_work'; readonly bits: number }
  | ({ readonly kind: 'turnstile' } & WidgetConfig)
  | ({ readonly kind: 'recaptcha' } & WidgetConfig);

export interface WidgetConfig {
  readonly siteKey: string;
  readonly secret: Secret<string>;
  /** Where answers are checked, where that is not the service itself. */
  readonly verifyUrl: string | undefined;
}

export interface Policies {
  /** Whether people make accounts of their own. */
  readonly signUp: 'off' | 'open';
  /** What people prove themselves with. */
  readonly signIn: {
    /** What a sign-in may begin with, upstreams beside it. */
    readonly methods: readonly SignInMethod[];
    /** See `policies.sign_in.second_factor`. */
    readonly secondFactor: 'off' | 'optional' | 'new_device' | 'required';
    readonly trustedDeviceSeconds: number;
  };
  /** Whether they show first that their address is theirs. */
  readonly signUpVerification: 'off' | 'required';
  /** Of passwords that people choose. */
  readonly passwords: {
    readonly minLength: number;
    /** What ends with a change: everything but the session that makes it, or only what lives in other sessions. */
    readonly onChange: 'all' | 'others';
  };
  /** What people may say of themselves. */
  readonly profile: { readonly editable: readonly EditableClaim[] };
  /** Roles in administration by folded user name; of users that the configuration has. */
  readonly administrators: ReadonlyMap<string, Role>;
  /** Who may register a client (RFC 7591): nobody, whoever has an initial access token, or anybody. */
  readonly registration: 'off' | 'token' | 'open';
  /** Whether a client id may be the address of a document that describes the client. */
  readonly clientIdDocuments: 'on' | 'off';
  /** Whose software statements count (RFC 7591 §2.3); empty: nobody's, and they are ignored. */
  readonly softwareStatements: readonly StatementIssuer[];
  /** Types of `authorization_details` (RFC 9396 §2.1). */
  readonly authorizationDetails: readonly DetailType[];
  /** Whose word for somebody counts in a grant (RFC 7523 §2.1, RFC 7522 §2.1, RFC 8693). */
  readonly trustedIssuers: readonly TrustedIssuer[];
  /** Who vouches for instances of which clients (`attest_jwt_client_auth`). */
  readonly trustedAttesters: readonly TrustedAttester[];
  readonly registeredClients: {
    readonly max: number;
    readonly unusedSeconds: number;
    /** Of those who register themselves or are described by a document. */
    readonly profile: StrangersProfile | undefined;
  };
  readonly bruteForce: 'on' | 'off';
  /** How people are told from programs; undefined where nobody asks. */
  readonly botCheck: BotCheckConfig | undefined;
  /** Exempt from the guard against requests to private addresses. */
  readonly outboundAllowHosts: readonly AllowedHost[];
  /** How trusted proxies tell of client certificates; undefined where they don't. */
  readonly forwardedCertificates: ForwardedCertificates | undefined;
  readonly devices: {
    /** Where a user may be signed in at once; undefined: anywhere. */
    readonly limit: { readonly max: number; readonly per: 'all' | 'type'; readonly onExceed: 'replace' | 'refuse' } | undefined;
    /** What a browser session is held to beside its cookie. */
    readonly binding: 'none' | 'fingerprint' | 'browser_cookie';
    readonly onMismatch: 'deny' | 'step_up' | 'log';
  };
  /** Where the coarse place of a sign-in is known from. */
  readonly places:
    | { readonly kind: 'none' }
    | { readonly kind: 'header'; readonly header: string }
    | { readonly kind: 'networks'; readonly file: string };
  readonly sessions: { readonly absoluteSeconds: number };
  readonly codes: { readonly ttlSeconds: number };
  readonly appearance: Appearance;
  readonly refreshTokens: { readonly absoluteSeconds: number; readonly idleSeconds: number; readonly overlapSeconds: number };
}

/** A policy that the file sets. */
export interface WrittenPolicy {
  /** Below `policies`: `passwords.min_length`. */
  readonly path: string;
  /** As it is written, but for secrets and what is too long to be read. */
  readonly value: Json;
  readonly line: number;
}

/** What pages and mails look like; what is absent is ours. Judged when it was read: nothing of it is markup. */
export interface Appearance {
  readonly name?: string;
  /** `data:image/png;base64,…`. */
  readonly mark?: string;
  /** `#rrggbb`. */
  readonly accent?: string;
  readonly terms?: string;
  readonly privacy?: string;
  readonly support?: string;
  /** On the sign-in page. */
  readonly note: Readonly<Partial<Record<Locale, string>>>;
  readonly mails: Readonly<Partial<Record<MailTemplateName, Readonly<Partial<Record<Locale, MailWording>>>>>>;
}

/** Words of a mail that stand instead of ours, with `{name}` for the name of the service. */
export interface MailWording {
  readonly subject?: string;
  readonly heading?: string;
  readonly lead?: string;
}

export type MailTemplateName =
  | 'sign_in'
  | 'sign_up'
  | 'verify_email'
  | 'reset_password'
  | 'invite'
  | 'enrol'
  | 'no_password'
  | 'account_there'
  | MailedEvent;

/** `email`: a code or a link by mail. */
export type SignInMethod = 'password' | 'passkey' | 'email';

/** Who attests the keys of a client's instances, and with which keys: one of the two. */
export interface TrustedAttester {
  /** `iss` of its attestations, where they have one. */
  readonly issuer: string;
  readonly jwks: PublicJwks | undefined;
  readonly jwksUri: string | undefined;
  /** Ids of the clients that it speaks for. */
  readonly clients: readonly string[];
}

/** Profiles that a client meets without an administrator who configures it. */
export type StrangersProfile = 'oauth21' | 'mcp';

/** Who signs software statements, and with which keys. */
export interface StatementIssuer {
  readonly issuer: string;
  readonly keys: { readonly kind: 'jwks'; readonly jwks: PublicJwks } | { readonly kind: 'jwks_uri'; readonly uri: string };
}

/** What the word of a trusted issuer is taken for. `id-jag`: its identity assertion authorization grants. */
export type AssertionUse = 'jwt-bearer' | 'saml2-bearer' | 'token-exchange' | 'id-jag';

/** Who speaks for people in assertions, with which keys, and how far. */
export interface TrustedIssuer {
  readonly issuer: string;
  readonly accepts: readonly AssertionUse[];
  /** Of its JWTs: one of the two, unless it signs none. */
  readonly jwks: PublicJwks | undefined;
  readonly jwksUri: string | undefined;
  /** Of its SAML assertions, in PEM. */
  readonly certificates: readonly string[];
  /** `username`: of a user of ours. `foreign`: nobody of ours. */
  readonly subject: 'username' | 'foreign';
  readonly subjectClaim: string;
  /** Ids of the clients that may show its assertions. */
  readonly clients: readonly string[];
  /** The most that a token for one says. */
  readonly scopes: readonly string[];
}

export type AllowedHost =
  /** Lower case. */
  { readonly kind: 'host'; readonly host: string } | { readonly kind: 'network'; readonly network: Network };
