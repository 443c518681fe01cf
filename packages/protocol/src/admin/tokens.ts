import { GRANT_SUMMARY, type GrantSummary } from './grants.ts';
import { NOTHING, type Nothing, type Operation } from './operation.ts';
import { DECISION_CHECK, type DecisionCheck } from './security.ts';
import { choice, flag, list, maybe, members, object, type Shape, text, time, whole } from './shape.ts';

export type InspectedKind =
  | 'access_token'
  | 'refresh_token'
  | 'authorization_code'
  | 'session'
  | 'request_uri'
  | 'device_code'
  | 'auth_req_id'
  | 'id_token'
  | 'jwt'
  | 'encrypted_jwt'
  | 'unknown';

const KINDS: readonly InspectedKind[] = [
  'access_token',
  'refresh_token',
  'authorization_code',
  'session',
  'request_uri',
  'device_code',
  'auth_req_id',
  'id_token',
  'jwt',
  'encrypted_jwt',
  'unknown',
];

export interface TokenQuestion {
  readonly token: string;
  readonly resource?: string;
  readonly scope?: string;
}

/** A piece of the text: characters `from` up to `to`, that one not included. The text itself is not told back. */
export interface TokenPiece {
  readonly name: string;
  readonly from: number;
  readonly to: number;
}

/** What a token is, what it says, and whether it would be taken now. */
export interface TokenInspection {
  readonly kind: InspectedKind;
  readonly form: 'opaque' | 'jwt' | 'other';
  readonly parts: readonly TokenPiece[];
  readonly header?: Readonly<Record<string, unknown>>;
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly signature?: 'good' | 'bad' | 'unknown_key';
  readonly generation?: number;
  readonly row_generation?: number;
  readonly client_id?: string;
  readonly resource?: string;
  readonly scopes?: readonly string[];
  readonly issued_at?: number;
  readonly expires_at?: number;
  readonly cnf?: Readonly<Record<string, unknown>>;
  readonly grant?: GrantSummary;
  readonly accepted: boolean;
  readonly checks: readonly DecisionCheck[];
}

export interface TokenOperations {
  readonly 'tokens.inspect': Operation<never, Nothing, TokenQuestion, TokenInspection>;
}

const inspection: Shape<TokenInspection> = object<TokenInspection>('TokenInspection', {
  kind: choice('What it is. `jwt`: one that is no token of this server’s, or cannot be told to be one.', KINDS),
  form: choice('How it is written.', ['opaque', 'jwt', 'other']),
  parts: list(
    'What its text is made of, in order.',
    object<TokenPiece>('TokenPiece', {
      name: text('`prefix`, `body`, `seal`, `secret`, `derived`; or `header`, `claims`, `signature`.'),
      from: whole('Its first character.'),
      to: whole('The one after its last.'),
    }),
  ),
  header: maybe(members('Of a JWT, as it stands there: believe it where the signature is good.')),
  claims: maybe(members('Of a JWT, as they stand there: believe them where the signature is good.')),
  signature: maybe(choice('Of a JWT, by the keys of this server.', ['good', 'bad', 'unknown_key'])),
  generation: maybe(whole('Which generation of its grant it is of.')),
  row_generation: maybe(whole('Which generation the grant’s row is at.')),
  client_id: maybe(text('Whom it was issued to.')),
  resource: maybe(text('What it is for (RFC 8707).')),
  scopes: maybe(list('What it allows.', text('A scope.'))),
  issued_at: maybe(time('When it was issued.')),
  expires_at: maybe(time('When it ends by itself.')),
  cnf: maybe(members('The key that whoever shows it has to prove (RFC 7800 §3.1).')),
  grant: maybe(GRANT_SUMMARY),
  accepted: flag('Whether it would be taken now: an access token by the resource (that was named), anything else by this server.'),
  checks: list('In order; where one failed, it is the last.', DECISION_CHECK),
});

export const TOKEN_OPERATIONS: TokenOperations = {
  'tokens.inspect': {
    method: 'POST',
    path: '/tokens/inspect',
    summary: 'What a token is, and whether it would be taken now. Nothing is used up by it, and the token is kept nowhere.',
    role: 'read',
    effect: 'read',
    params: {},
    query: NOTHING,
    body: object<TokenQuestion>('TokenQuestion', {
      token: text('The token.', { min: 1, max: 16_384 }),
      resource: maybe(text('Ask whether this resource would take it.', { min: 1, max: 2_000 })),
      scope: maybe(text('Ask whether it has this scope.', { min: 1, max: 255 })),
    }),
    reply: { status: 200, body: inspection },
  },
};
