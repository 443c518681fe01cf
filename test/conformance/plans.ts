import { brings, type ClientAuth, RESPONSE_TYPES, type ResponseType, type Variant } from './suite/variant.ts';

/*
 * Which modules the certification plans of the OpenID Foundation's conformance suite have for OpenID Providers, and in which variants: facts
 * of its release 5.2.4, in its order.
 */

const PAGES_AND_HINTS = [
  'oidcc-display-page',
  'oidcc-display-popup',
  'oidcc-prompt-login',
  'oidcc-prompt-none-not-logged-in',
  'oidcc-prompt-none-logged-in',
  'oidcc-max-age-1',
  'oidcc-max-age-10000',
  'oidcc-ensure-request-with-unknown-parameter-succeeds',
  'oidcc-id-token-hint',
  'oidcc-login-hint',
  'oidcc-ui-locales',
  'oidcc-claims-locales',
  'oidcc-ensure-request-with-acr-values-succeeds',
] as const;

const SCOPES = ['oidcc-scope-profile', 'oidcc-scope-email', 'oidcc-scope-address', 'oidcc-scope-phone', 'oidcc-scope-all'] as const;

const USERINFO = ['oidcc-userinfo-get', 'oidcc-userinfo-post-header', 'oidcc-userinfo-post-body'] as const;

const CODE_REUSE = ['oidcc-codereuse', 'oidcc-codereuse-30seconds', 'oidcc-ensure-registered-redirect-uri'] as const;

const REQUEST_OBJECTS = [
  'oidcc-request-uri-unsigned-supported-correctly-or-rejected-as-unsupported',
  'oidcc-unsigned-request-object-supported-correctly-or-rejected-as-unsupported',
  'oidcc-claims-essential',
  'oidcc-ensure-request-object-with-redirect-uri',
] as const;

const SERVER = 'oidcc-server';
const SECRET_POST = 'oidcc-server-client-secret-post';
const TYPE_MISSING = 'oidcc-response-type-missing';
const SIGNATURE = 'oidcc-idtoken-signature';
const UNSIGNED = 'oidcc-idtoken-unsigned';
const NONCE_FREE = 'oidcc-ensure-request-without-nonce-succeeds-for-code-flow';
const NONCE_DUE = 'oidcc-ensure-request-without-nonce-fails';
const ALTERNATE = 'oidcc-alternate-happy-flow';
const BY_POST = 'oidcc-ensure-post-request-succeeds';
const REFRESH = 'oidcc-refresh-token';
const PKCE = 'oidcc-ensure-request-with-valid-pkce-succeeds';
const DISCOVERY = 'oidcc-discovery-endpoint-verification';
const SESSION_LOGOUT = 'oidcc-session-management-rp-initiated-logout';

const BASIC = [
  SERVER,
  TYPE_MISSING,
  SIGNATURE,
  UNSIGNED,
  ...USERINFO,
  NONCE_FREE,
  ...SCOPES,
  ALTERNATE,
  ...PAGES_AND_HINTS,
  ...CODE_REUSE,
  BY_POST,
  SECRET_POST,
  ...REQUEST_OBJECTS,
  REFRESH,
  PKCE,
] as const;

const IMPLICIT = [
  SERVER,
  SIGNATURE,
  NONCE_DUE,
  ...SCOPES,
  ALTERNATE,
  ...PAGES_AND_HINTS,
  'oidcc-ensure-registered-redirect-uri',
  ...REQUEST_OBJECTS,
] as const;

const HYBRID: Readonly<Record<'code id_token' | 'code token' | 'code id_token token', readonly ModuleName[]>> = {
  'code id_token': [
    SERVER,
    TYPE_MISSING,
    SIGNATURE,
    ...USERINFO,
    NONCE_DUE,
    ...SCOPES,
    ALTERNATE,
    ...PAGES_AND_HINTS,
    ...CODE_REUSE,
    SECRET_POST,
    ...REQUEST_OBJECTS,
    REFRESH,
    PKCE,
  ] as const,
  'code token': [
    SERVER,
    SIGNATURE,
    ...USERINFO,
    NONCE_FREE,
    ...SCOPES,
    ...PAGES_AND_HINTS,
    ...CODE_REUSE,
    SECRET_POST,
    ...REQUEST_OBJECTS,
    REFRESH,
  ] as const,
  'code id_token token': [
    SERVER,
    SIGNATURE,
    ...USERINFO,
    NONCE_DUE,
    ...SCOPES,
    ...PAGES_AND_HINTS,
    ...CODE_REUSE,
    SECRET_POST,
    ...REQUEST_OBJECTS,
    REFRESH,
  ] as const,
};

const DYNAMIC = [
  'oidcc-idtoken-rs256',
  UNSIGNED,
  'oidcc-userinfo-rs256',
  'oidcc-ensure-redirect-uri-in-authorization-request',
  'oidcc-redirect-uri-query-OK',
  'oidcc-redirect-uri-query-mismatch',
  'oidcc-redirect-uri-query-added',
  'oidcc-redirect-uri-regfrag',
  DISCOVERY,
  SERVER,
  'oidcc-registration-logo-uri',
  'oidcc-registration-policy-uri',
  'oidcc-registration-tos-uri',
  'oidcc-registration-jwks-uri',
  'oidcc-registration-sector-uri',
  'oidcc-registration-sector-bad',
  'oidcc-server-rotate-keys',
  'oidcc-refresh-token-rp-key-rotation',
  'oidcc-request-uri-unsigned',
  'oidcc-request-uri-signed-rs256',
  'oidcc-ensure-request-object-with-redirect-uri',
  REFRESH,
  'oidcc-ensure-client-assertion-with-iss-aud-succeeds',
] as const;

const THIRD_PARTY = ['oidcc-3rd_party-init-login', 'oidcc-3rd_party-init-login-nohttps'] as const;

const RP_LOGOUT = [
  'oidcc-rp-initiated-logout-discovery-endpoint-verification',
  'oidcc-rp-initiated-logout',
  'oidcc-rp-initiated-logout-bad-post-logout-redirect-uri',
  'oidcc-rp-initiated-logout-modified-id-token-hint',
  'oidcc-rp-initiated-logout-no-id-token-hint',
  'oidcc-rp-initiated-logout-no-params',
  'oidcc-rp-initiated-logout-no-post-logout-redirect-uri',
  'oidcc-rp-initiated-logout-no-state',
  'oidcc-rp-initiated-logout-only-state',
  'oidcc-rp-initiated-logout-query-added-to-post-logout-redirect-uri',
  'oidcc-rp-initiated-logout-bad-id-token-hint',
] as const;

const FRONT_CHANNEL = ['oidcc-frontchannel-logout-discovery-endpoint-verification', 'oidcc-frontchannel-rp-initiated-logout'] as const;
const BACK_CHANNEL = ['oidcc-backchannel-logout-discovery-endpoint-verification', 'oidcc-backchannel-rp-initiated-logout'] as const;
const SESSION = ['oidcc-session-management-discovery-endpoint-verification', SESSION_LOGOUT] as const;

/** A module of the suite by its name. */
export type ModuleName =
  | (typeof BASIC)[number]
  | (typeof IMPLICIT)[number]
  | (typeof DYNAMIC)[number]
  | (typeof THIRD_PARTY)[number]
  | (typeof RP_LOGOUT)[number]
  | (typeof FRONT_CHANNEL)[number]
  | (typeof BACK_CHANNEL)[number]
  | (typeof SESSION)[number];

/** A certification plan and how far we run it. */
export interface Plan {
  readonly id: string;
  /** The suite's name for it. */
  readonly suiteName: string;
  readonly responseMode: 'default' | 'form_post';
  readonly clientAuth: ClientAuth;
  readonly registrations: readonly Variant['registration'][];
  readonly rounds: readonly Round[];
  /** Run in Chromium too, for the first round's self-registered client. */
  readonly inChromium: readonly ModuleName[];
}

/** Modules that a plan runs with one response type. */
export interface Round {
  readonly responseType: ResponseType;
  readonly modules: readonly ModuleName[];
}

const implicitRounds: readonly Round[] = [
  { responseType: 'id_token', modules: IMPLICIT },
  { responseType: 'id_token token', modules: [...IMPLICIT, ...USERINFO, TYPE_MISSING] },
];
const hybridRounds: readonly Round[] = [
  { responseType: 'code id_token', modules: HYBRID['code id_token'] },
  { responseType: 'code token', modules: HYBRID['code token'] },
  { responseType: 'code id_token token', modules: HYBRID['code id_token token'] },
];
const BOTH: Plan['registrations'] = ['dynamic', 'static'];
const usual = { responseMode: 'default', clientAuth: 'client_secret_basic', registrations: BOTH, inChromium: [] } as const;
const formPost = { ...usual, responseMode: 'form_post', registrations: ['dynamic'] } as const;

/** The same modules with each of these response types. */
function each(modules: readonly ModuleName[], responseTypes: readonly ResponseType[]): readonly Round[] {
  return responseTypes.map((responseType) => ({ responseType, modules }));
}

/** Of logout the suite leaves the response type open: one of each kind. */
const ONE_OF_EACH: readonly ResponseType[] = ['code', 'id_token', 'code id_token token'];

export const PLANS: readonly Plan[] = [
  { ...usual, id: 'basic', suiteName: 'oidcc-basic-certification-test-plan', rounds: [{ responseType: 'code', modules: BASIC }] },
  { ...usual, id: 'implicit', suiteName: 'oidcc-implicit-certification-test-plan', rounds: implicitRounds },
  { ...usual, id: 'hybrid', suiteName: 'oidcc-hybrid-certification-test-plan', rounds: hybridRounds },
  {
    ...formPost,
    id: 'form-post-basic',
    suiteName: 'oidcc-formpost-basic-certification-test-plan',
    rounds: [{ responseType: 'code', modules: BASIC }],
    inChromium: [SERVER, TYPE_MISSING, 'oidcc-prompt-none-logged-in', BY_POST],
  },
  { ...formPost, id: 'form-post-implicit', suiteName: 'oidcc-formpost-implicit-certification-test-plan', rounds: implicitRounds },
  { ...formPost, id: 'form-post-hybrid', suiteName: 'oidcc-formpost-hybrid-certification-test-plan', rounds: hybridRounds },
  {
    ...usual,
    id: 'config',
    suiteName: 'oidcc-config-certification-test-plan',
    registrations: ['static'],
    rounds: [{ responseType: 'code', modules: [DISCOVERY] }],
  },
  {
    ...usual,
    id: 'dynamic',
    suiteName: 'oidcc-dynamic-certification-test-plan',
    clientAuth: 'private_key_jwt',
    registrations: ['dynamic'],
    rounds: each(DYNAMIC, RESPONSE_TYPES),
  },
  {
    ...usual,
    id: 'third-party-initiated-login',
    suiteName: 'oidcc-3rdparty-init-login-certification-test-plan',
    registrations: ['dynamic'],
    rounds: each(THIRD_PARTY, RESPONSE_TYPES),
  },
  {
    ...usual,
    id: 'rp-initiated-logout',
    suiteName: 'oidcc-rp-initiated-logout-certification-test-plan',
    rounds: each(RP_LOGOUT, ONE_OF_EACH),
    inChromium: ['oidcc-rp-initiated-logout'],
  },
  {
    ...usual,
    id: 'front-channel-logout',
    suiteName: 'oidcc-frontchannel-rp-initiated-logout-certification-test-plan',
    rounds: each(FRONT_CHANNEL, ONE_OF_EACH),
    inChromium: ['oidcc-frontchannel-rp-initiated-logout'],
  },
  {
    ...usual,
    id: 'back-channel-logout',
    suiteName: 'oidcc-backchannel-rp-initiated-logout-certification-test-plan',
    rounds: each(BACK_CHANNEL, ONE_OF_EACH),
  },
  {
    ...usual,
    id: 'session-management',
    suiteName: 'oidcc-session-management-certification-test-plan',
    rounds: each(SESSION, ONE_OF_EACH),
  },
];

/** One test: a module of a plan in one variant. */
export interface PlannedTest {
  readonly plan: Plan;
  readonly module: ModuleName;
  readonly variant: Variant;
}

/** The tests of a plan in order: everything that the suite itself would run in these variants, and the modules that want a real browser. */
export function testsOf(plan: Plan): readonly PlannedTest[] {
  const { responseMode, clientAuth } = plan;
  return plan.registrations.flatMap((registration) =>
    plan.rounds.flatMap(({ responseType, modules }, index) =>
      modules
        .filter((module) => applies(module, responseType, registration))
        .flatMap((module) => {
          const first = index === 0 && registration === plan.registrations[0];
          const variant = { responseType, responseMode, registration, clientAuth };
          return browsersOf(plan, module, first).map((browser): PlannedTest => ({ plan, module, variant: { ...variant, browser } }));
        }),
    ),
  );
}

/** `dynamic, code id_token`: what tells the columns of a plan apart. */
export function variantName({ registration, responseType, browser }: Variant): string {
  return [registration, responseType, ...(browser === 'chromium' ? ['Chromium'] : [])].join(', ');
}

function browsersOf(plan: Plan, module: ModuleName, first: boolean): readonly Variant['browser'][] {
  if (module === SESSION_LOGOUT) return ['chromium'];
  return first && plan.inChromium.includes(module) ? ['scriptless', 'chromium'] : ['scriptless'];
}

/** Modules that only a client can run that says at its registration what it wants. */
const SELF_REGISTERED: readonly ModuleName[] = [
  SIGNATURE,
  UNSIGNED,
  'oidcc-request-uri-unsigned-supported-correctly-or-rejected-as-unsupported',
];
const NEEDS_TOKEN: readonly ModuleName[] = ['oidcc-userinfo-rs256'];
const NEEDS_CODE: readonly ModuleName[] = [REFRESH, 'oidcc-registration-jwks-uri', 'oidcc-refresh-token-rp-key-rotation'];

/** What the suite's modules say they are not for. */
function applies(module: ModuleName, responseType: ResponseType, registration: Variant['registration']): boolean {
  if (registration === 'static' && SELF_REGISTERED.includes(module)) return false;
  if (module === UNSIGNED && brings(responseType, 'id_token')) return false;
  if (NEEDS_TOKEN.includes(module) && responseType === 'id_token') return false;
  return !(NEEDS_CODE.includes(module) && !brings(responseType, 'code'));
}
