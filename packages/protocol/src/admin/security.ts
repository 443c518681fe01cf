import { NOTHING, type Nothing, type Operation, PREVIEW, type Preview } from './operation.ts';
import { choice, flag, list, maybe, object, PAGING, type Page, type Paging, page, type Shape, text, time, whole } from './shape.ts';
import type { Items } from './users.ts';

/** A key pair. Times are 0 where nothing is planned. */
export interface KeyView {
  readonly kid: string;
  readonly use: 'sig' | 'enc';
  readonly alg: string;
  readonly state: 'next' | 'current' | 'retired';
  readonly created_at: number;
  readonly active_at: number;
  readonly retired_at: number;
  readonly expires_at: number;
}

export interface Rotation {
  readonly dry_run: boolean;
  /** How many key pairs were made. */
  readonly added: number;
  readonly active_in: number;
}

export interface KeyRevocation {
  readonly dry_run: boolean;
  readonly kid: string;
  readonly use: 'sig' | 'enc';
  readonly alg: string;
  /** `made`: another key pair is made first. `there`: one is already. `none`: the algorithm is configured no more. */
  readonly successor: 'made' | 'there' | 'none';
  /** In use from then on, where it is made. */
  readonly successor_at?: number;
  readonly renewal: 'refresh' | 'encrypt_again';
  readonly revocation: { readonly kind: 'key'; readonly id: string };
}

export interface RetirementPlan extends Preview {
  /** Seconds; absent: at once. */
  readonly ends_in?: number;
}

export interface KeyRetirement {
  readonly dry_run: boolean;
  readonly kid: string;
  readonly use: 'sig' | 'enc';
  readonly alg: string;
  readonly state: 'next' | 'retired';
  readonly ends_at: number;
  /** When it would have ended; 0: not planned. */
  readonly planned_end: number;
  readonly loses: 'nothing' | 'signatures' | 'ciphertexts';
  readonly successor_at?: number;
}

/** An entry of the revocation log as the feed tells it. */
export interface RevocationView {
  readonly seq: number;
  readonly kind: string;
  readonly id: string;
  readonly reason: string;
  readonly at: number;
  readonly exp?: number;
  readonly before?: number;
  readonly info?: boolean;
}

/** Who enforces an entry, since when. Milliseconds since 1970. */
export interface FollowerView {
  readonly server?: boolean;
  readonly client_id?: string;
  readonly node: string;
  readonly seen_at_ms: number;
  readonly state: 'enforced' | 'not_yet' | 'gone';
  readonly enforced_at_ms?: number;
  readonly no_later_than_ms?: number;
  readonly gone_since_ms?: number;
}

export interface RevocationFollowers {
  readonly entry: RevocationView;
  readonly epoch: string;
  readonly head: number;
  readonly followers: readonly FollowerView[];
  readonly truncated?: boolean;
}

export interface DecisionSummary {
  readonly id: string;
  readonly at: number;
  readonly endpoint: string;
  readonly status: number;
  readonly error: string;
  readonly client_id: string;
  readonly description: string;
}

export interface DecisionCheck {
  readonly check: string;
  readonly outcome: 'passed' | 'failed';
  readonly title?: string;
  /** What to look at in the configuration. */
  readonly setting?: string;
  readonly detail?: string;
}

export interface DecisionView extends DecisionSummary {
  /** Of the edge: its route, how often it was refused for the same cause if more than once, and when for the last time. */
  readonly route?: string;
  readonly times?: number;
  readonly last_at?: number;
  readonly checks: readonly DecisionCheck[];
}

export interface DecisionQuery extends Paging {
  readonly endpoint?: string;
  readonly error?: string;
  readonly client_id?: string;
  readonly since?: number;
  readonly until?: number;
}

const key: Shape<KeyView> = object<KeyView>('Key', {
  kid: text('Its thumbprint (RFC 7638).'),
  use: choice('`sig`: signs. `enc`: clients encrypt to it.', ['sig', 'enc']),
  alg: text('JOSE `alg` of one that signs, `kty` of the others.'),
  state: choice('`next`: not in use yet. `retired`: only for what there is already.', ['next', 'current', 'retired']),
  created_at: time('When it was made.'),
  active_at: time('In use from then on.'),
  retired_at: time('Out of use from then on; 0: not planned.'),
  expires_at: time('Worth nothing from then on; 0: not planned.'),
});
const entry: Shape<RevocationView> = object<RevocationView>('Revocation', {
  seq: whole('Its number in the log.', { min: 1 }),
  kind: text('What it is about.'),
  id: text('Its name, as the feed tells it.'),
  reason: text('Why.'),
  at: time('When.'),
  exp: maybe(time('When it may be forgotten.')),
  before: maybe(time('What was issued before.')),
  info: maybe(flag('It says no more than others do.')),
});
export const DECISION_CHECK: Shape<DecisionCheck> = object<DecisionCheck>('Check', {
  check: text('Its name.'),
  outcome: choice('What came of it.', ['passed', 'failed']),
  title: maybe(text('What it looks at.')),
  setting: maybe(text('What to look at in the configuration.')),
  detail: maybe(text('What was found.')),
});

const SUMMARY = {
  id: text('What replies name it by (`Hufu-Decision`).'),
  at: time('When.'),
  endpoint: text('Where.'),
  status: whole('What was answered.'),
  error: text('Under which code.'),
  client_id: text('Whose request it was, or the beginning of what it claimed; may be empty.'),
  description: text('What was told.'),
};
const decision: Shape<DecisionSummary> = object<DecisionSummary>('DecisionSummary', SUMMARY);

export interface SecurityOperations {
  readonly 'keys.list': Operation<never, Nothing, undefined, Items<KeyView>>;
  readonly 'keys.rotate': Operation<never, Preview, undefined, Rotation>;
  readonly 'keys.revoke': Operation<'kid', Preview, undefined, KeyRevocation>;
  readonly 'keys.retire': Operation<'kid', RetirementPlan, undefined, KeyRetirement>;
  readonly 'revocations.list': Operation<never, Paging, undefined, Page<RevocationView>>;
  readonly 'revocations.get': Operation<'seq', Nothing, undefined, RevocationFollowers>;
  readonly 'decisions.list': Operation<never, DecisionQuery, undefined, Page<DecisionSummary>>;
  readonly 'decisions.get': Operation<'decision_id', Nothing, undefined, DecisionView>;
}

export const SECURITY_OPERATIONS: SecurityOperations = {
  'keys.list': {
    method: 'GET',
    path: '/keys',
    summary: 'The key pairs, in the order in which they were made.',
    role: 'read',
    effect: 'read',
    params: {},
    query: NOTHING,
    reply: { status: 200, body: object<Items<KeyView>>('KeyList', { items: list('All there are.', key) }) },
  },
  'keys.rotate': {
    method: 'POST',
    path: '/keys/rotate',
    summary: 'Makes a successor for each key pair; the old ones verify until their last token has expired.',
    role: 'security',
    effect: 'dangerous',
    params: {},
    query: PREVIEW,
    reply: {
      status: 200,
      body: object<Rotation>('Rotation', {
        dry_run: flag('Whether nothing was changed.'),
        added: whole('How many key pairs are made.'),
        active_in: whole('Seconds until they are in use.'),
      }),
    },
  },
  'keys.revoke': {
    method: 'POST',
    path: '/keys/{kid}/revoke',
    summary: 'Withdraws a key that may be stolen, at once: what it signed is void, and is made anew by its successor. A dry run tells how.',
    role: 'security',
    effect: 'dangerous',
    params: { kid: text('The key.', { min: 1, max: 100 }) },
    query: PREVIEW,
    reply: {
      status: 200,
      body: object<KeyRevocation>('KeyRevocation', {
        dry_run: flag('Whether nothing was changed.'),
        kid: text('The key.'),
        use: choice('What it was for.', ['sig', 'enc']),
        alg: text('JOSE `alg`, or `kty`.'),
        successor: choice(
          '`made`: another key pair is made first, published and used without the usual wait. `there`: another one is there already. `none`: its algorithm is configured no more.',
          ['made', 'there', 'none'],
        ),
        successor_at: maybe(
          time('When the one that is made is in use: at once, or where a next key is withdrawn, when that would have been.'),
        ),
        renewal: choice(
          '`refresh`: refresh tokens, sessions and opaque tokens are not signed with it and stay good; whoever refreshes gets new tokens. `encrypt_again`: clients read the JWKS and encrypt to the key that is there now.',
          ['refresh', 'encrypt_again'],
        ),
        revocation: object<KeyRevocation['revocation']>('KeyRevocationEntry', {
          kind: choice('Kind of the entry in the revocation log that followers refuse its signatures by.', ['key']),
          id: text('The key.'),
        }),
      }),
    },
  },
  'keys.retire': {
    method: 'POST',
    path: '/keys/{kid}/retire',
    summary:
      'Takes a next key back before it is in use, or ends an old one before its time. It is not called stolen. A key in use is rotated instead.',
    role: 'security',
    effect: 'dangerous',
    params: { kid: text('The key.', { min: 1, max: 100 }) },
    query: object<RetirementPlan>('', {
      dry_run: maybe(flag('Only tell what would happen.')),
      ends_in: maybe(whole('Seconds until then; where it is left out, at once.', { max: 315_360_000 })),
    }),
    reply: {
      status: 200,
      body: object<KeyRetirement>('KeyRetirement', {
        dry_run: flag('Whether nothing was changed.'),
        kid: text('The key.'),
        use: choice('What it is for.', ['sig', 'enc']),
        alg: text('JOSE `alg`, or `kty`.'),
        state: choice('What it was.', ['next', 'retired']),
        ends_at: time('From then on it verifies nothing, or opens nothing.'),
        planned_end: time('When it would have ended; 0: not planned.'),
        loses: choice(
          '`signatures`: tokens that it signed stop verifying earlier than planned. `ciphertexts`: what was encrypted to it stops opening earlier.',
          ['nothing', 'signatures', 'ciphertexts'],
        ),
        successor_at: maybe(time('Another next key is made in its place, and in use from then on.')),
      }),
    },
    conflicts: true,
  },
  'revocations.list': {
    method: 'GET',
    path: '/revocations',
    summary: 'The revocation log, newest first.',
    role: 'read',
    effect: 'read',
    params: {},
    query: object<Paging>('', PAGING),
    reply: { status: 200, body: page(entry) },
  },
  'revocations.get': {
    method: 'GET',
    path: '/revocations/{seq}',
    summary: 'An entry of the revocation log, and since when each follower enforces it.',
    role: 'read',
    effect: 'read',
    params: { seq: text('The number of an entry: a whole number from 1 on.', { pattern: '^[1-9][0-9]{0,14}$' }) },
    query: NOTHING,
    reply: {
      status: 200,
      body: object<RevocationFollowers>('RevocationFollowers', {
        entry,
        epoch: text('Names this very log.'),
        head: whole('The last number that was given out.'),
        followers: list(
          'Who follows the log.',
          object<FollowerView>('Follower', {
            server: maybe(flag('A node of the server itself.')),
            client_id: maybe(text('Whose program it is.')),
            node: text('As it calls itself.'),
            seen_at_ms: whole('When it was last seen. Milliseconds since 1970.'),
            state: choice('Whether it enforces the entry.', ['enforced', 'not_yet', 'gone']),
            enforced_at_ms: maybe(whole('Since when. Milliseconds since 1970.')),
            no_later_than_ms: maybe(whole('Since then, or earlier. Milliseconds since 1970.')),
            gone_since_ms: maybe(whole('Not seen since then. Milliseconds since 1970.')),
          }),
        ),
        truncated: maybe(flag('There are more.')),
      }),
    },
  },
  'decisions.list': {
    method: 'GET',
    path: '/decisions',
    summary: 'Refusals, newest first.',
    role: 'read',
    effect: 'read',
    params: {},
    query: object<DecisionQuery>('', {
      ...PAGING,
      endpoint: maybe(text('Of this endpoint.', { min: 1, max: 100 })),
      error: maybe(text('With this code.', { min: 1, max: 100 })),
      client_id: maybe(text('Of this client.', { min: 1, max: 255 })),
      since: maybe(time('Not before.')),
      until: maybe(time('Before.')),
    }),
    reply: { status: 200, body: page(decision) },
  },
  'decisions.get': {
    method: 'GET',
    path: '/decisions/{decision_id}',
    summary: 'Why a request was refused: the checks in their order, which one failed, and the setting to look at.',
    role: 'read',
    effect: 'read',
    params: { decision_id: text('As `Hufu-Decision` names it.', { min: 1, max: 40 }) },
    query: NOTHING,
    reply: {
      status: 200,
      body: object<DecisionView>('Decision', {
        ...SUMMARY,
        route: maybe(text('The route of the edge that it was at.')),
        times: maybe(whole('How often it was refused for the same cause, if more than once.', { min: 1 })),
        last_at: maybe(time('When for the last time.')),
        checks: list('In their order; the last is the one that failed.', DECISION_CHECK),
      }),
    },
  },
};
