/** What there is in the model of a token's life: one user at one browser, three clients; what they do, and what is seen of the answers. */
export type ClientName = 'pub' | 'conf' | 'third';
export type Caller = ClientName | 'api' | 'stranger';

export const CLIENTS: readonly ClientName[] = ['pub', 'conf', 'third'];
export const CONFIDENTIAL: ReadonlySet<string> = new Set(['conf', 'third', 'api', 'stranger']);
/** Asks its users for consent; the others are the house's own. */
export const ASKS_CONSENT: ClientName = 'third';

export const JWT_RESOURCE = 'https://jwt.example/';
export const OPAQUE_RESOURCE = 'https://opaque.example/';
/** The server's own userinfo endpoint, whatever its issuer is. */
export const OWN_RESOURCE = 'own';
export const TTL: Readonly<Record<string, number>> = { [JWT_RESOURCE]: 300, [OPAQUE_RESOURCE]: 120, [OWN_RESOURCE]: 600 };
export const OFFERS: Readonly<Record<string, readonly string[]>> = {
  [JWT_RESOURCE]: ['read'],
  [OPAQUE_RESOURCE]: ['opaque'],
  [OWN_RESOURCE]: [],
};
export const OPENID_SCOPES: ReadonlySet<string> = new Set(['openid', 'profile', 'offline_access']);

/** Seconds; the server is configured with the same. */
export const CODE_TTL = 60;
export const REPLAY_WINDOW = 600;
export const OVERLAP = 60;
export const IDLE = 3 * 86_400;
export const ABSOLUTE = 10 * 86_400;
export const SESSION = 2 * 86_400;
export const MAX_CODES = 20;

export interface Grant {
  readonly client: ClientName;
  readonly scopes: readonly string[];
  readonly resources: readonly string[];
  readonly offline: boolean;
  /** Whether the exchange gives a refresh token. */
  readonly refreshable: boolean;
  readonly session: number;
  /** The end of that session when the code was issued. */
  readonly sessionEnd: number;
  readonly authTime: number;
  readonly createdAt: number;
  readonly generation: number;
  readonly rotatedAt: number;
  /** Of the code while it is generation 0. */
  readonly expiresAt: number;
  readonly dead: string | undefined;
}

export type Token =
  | { readonly kind: 'code'; readonly grant: number }
  | { readonly kind: 'refresh'; readonly grant: number; readonly generation: number }
  | {
      readonly kind: 'access';
      readonly grant: number;
      readonly scopes: readonly string[];
      readonly resource: string;
      readonly issuedAt: number;
      readonly expiresAt: number;
      /** A JWT's `jti`, else the text: what its revocation is about. */
      readonly name: string;
    };

export interface World {
  readonly now: number;
  readonly enabled: boolean;
  /** The browser's, alive or over. Their numbers are the model's own. */
  readonly session: { readonly number: number; readonly expiresAt: number; readonly authTime: number } | undefined;
  readonly sessionCount: number;
  readonly consent: { readonly [client in ClientName]?: { readonly scopes: readonly string[]; readonly resources: readonly string[] } };
  readonly grants: readonly Grant[];
  /** By text: everything that the server has ever handed out. */
  readonly tokens: ReadonlyMap<string, Token>;
  /** Which text or name stands for what: one for each refresh token's generation, and for each access token that is handed out again. */
  readonly bound: ReadonlyMap<string, string>;
  readonly revokedNames: ReadonlySet<string>;
}

export function newWorld(now: number): World {
  return {
    now,
    enabled: true,
    session: undefined,
    sessionCount: 0,
    consent: {},
    grants: [],
    tokens: new Map(),
    bound: new Map(),
    revokedNames: new Set(),
  };
}

/** Who sends a request: a client by its own secret, or somebody in its name. */
export interface Presenter {
  readonly client: ClientName;
  readonly genuine: boolean;
}

export type Op =
  | {
      readonly kind: 'authorize';
      readonly client: ClientName;
      readonly scopes: readonly string[];
      /** `heard`: with `prompt=consent`, as Core §11 demands. */
      readonly offline: 'no' | 'asked' | 'heard';
      readonly login: boolean;
      readonly deny: boolean;
    }
  | {
      readonly kind: 'redeem';
      readonly token: string;
      readonly by: Presenter;
      readonly verifier: 'right' | 'wrong' | 'none';
      readonly redirect: 'right' | 'wrong';
    }
  | {
      readonly kind: 'refresh';
      readonly token: string;
      readonly by: Presenter;
      readonly scopes: readonly string[] | undefined;
      readonly resource: string | undefined;
    }
  | { readonly kind: 'revoke'; readonly token: string; readonly by: Presenter }
  | { readonly kind: 'introspect'; readonly token: string; readonly caller: Caller }
  | { readonly kind: 'userinfo'; readonly token: string }
  | { readonly kind: 'disable' }
  | { readonly kind: 'enable' }
  | { readonly kind: 'changePassword'; readonly keepSession: boolean }
  | { readonly kind: 'signOut' }
  | { readonly kind: 'withdraw'; readonly client: ClientName }
  | { readonly kind: 'revokeClient'; readonly client: ClientName }
  | { readonly kind: 'rotateKey' }
  | { readonly kind: 'advance'; readonly seconds: number };

/** What was seen of an answer. */
export interface Reply {
  /** `ok`, an error code, or where the browser ended. */
  readonly outcome: string;
  readonly pages?: readonly string[];
  readonly code?: string;
  readonly access?: { readonly text: string; readonly name: string };
  readonly refresh?: string;
  readonly scope?: string;
  readonly expiresIn?: number;
  readonly idToken?: boolean;
  /** Of introspection, userinfo and JWTs, as far as they have them. */
  readonly claims?: Readonly<Record<string, unknown>>;
}
