import { EFFECT, type Effect, NOTHING, type Nothing, type Operation, PREVIEW, type Preview } from './operation.ts';
import { choice, flag, list, maybe, members, object, PAGING, type Page, type Paging, page, type Shape, text, time } from './shape.ts';

/** A grant as the admin API tells of it. */
export interface GrantSummary {
  /** As `lineage` of tokens and the revocation feed name it: list and place in the Token Status List. */
  readonly id: string;
  /** What it comes from (RFC 8693); absent for the first. */
  readonly parent?: string;
  readonly client_id: string;
  /** As the client knows the user. */
  readonly sub?: string;
  /** Who acts for the subject (RFC 8693 §4.1). */
  readonly act?: Readonly<Record<string, unknown>>;
  readonly scopes?: readonly string[];
  readonly created_at?: number;
  /** Absent where a client acts for itself. */
  readonly expires_at?: number;
  readonly state: 'live' | 'unredeemed' | 'suspended' | 'dead' | 'expired';
  /** Why it is not live. */
  readonly reason?: string;
  /** Since when; absent where nobody knows any more. */
  readonly ended_at?: number;
}

export interface GrantView extends GrantSummary {
  readonly resources: readonly string[];
  readonly amr: readonly string[];
  readonly auth_time?: number;
  /** Whether it outlives its session (OpenID Connect Core §11). */
  readonly offline: boolean;
  /** The user by their own subject identifier; absent where the client acts for itself. */
  readonly user?: { readonly sub: string; readonly username: string };
}

export interface Lineage {
  readonly grant: GrantSummary;
  readonly ancestors: readonly GrantSummary[];
  readonly descendants: readonly GrantSummary[];
  readonly truncated: boolean;
}

export interface GrantQuery extends Paging {
  readonly user?: string;
  readonly client_id?: string;
}

const SUMMARY = {
  id: text('List and place in the Token Status List; in a path with a `-` between them.'),
  parent: maybe(text('The grant that it comes from (RFC 8693).')),
  client_id: text('Who it was given to.'),
  sub: maybe(text('The subject as the client knows it.')),
  act: maybe(members('Who acts for the subject (RFC 8693 §4.1).')),
  scopes: maybe(list('What was granted.', text('A scope.'))),
  created_at: maybe(time('When it was given.')),
  expires_at: maybe(time('When it ends; absent where a client acts for itself.')),
  state: choice<GrantSummary['state']>(
    '`unredeemed`: a code that nobody has exchanged. `suspended`: its user is locked, or a client disabled.',
    ['live', 'unredeemed', 'suspended', 'dead', 'expired'],
  ),
  reason: maybe(text('Why it is not live.')),
  ended_at: maybe(time('Since when.')),
};
export const GRANT_SUMMARY: Shape<GrantSummary> = object<GrantSummary>('GrantSummary', SUMMARY);

export interface GrantOperations {
  readonly 'grants.list': Operation<never, GrantQuery, undefined, Page<GrantSummary>>;
  readonly 'grants.get': Operation<'grant_id', Nothing, undefined, GrantView>;
  readonly 'grants.lineage': Operation<'grant_id', Nothing, undefined, Lineage>;
  readonly 'grants.revoke': Operation<'grant_id', Preview, undefined, Effect>;
}

const params = { grant_id: text('The grant, as `8741-310299`.', { max: 40 }) };

export const GRANT_OPERATIONS: GrantOperations = {
  'grants.list': {
    method: 'GET',
    path: '/grants',
    summary: 'Grants that nobody has revoked, newest first.',
    role: 'read',
    effect: 'read',
    params: {},
    query: object<GrantQuery>('', {
      ...PAGING,
      user: maybe(text('Of the user with this subject identifier.', { min: 1, max: 255 })),
      client_id: maybe(text('Of this client.', { min: 1, max: 255 })),
    }),
    reply: { status: 200, body: page(GRANT_SUMMARY) },
  },
  'grants.get': {
    method: 'GET',
    path: '/grants/{grant_id}',
    summary: 'One grant.',
    role: 'read',
    effect: 'read',
    params,
    query: NOTHING,
    reply: {
      status: 200,
      body: object<GrantView>('Grant', {
        ...SUMMARY,
        resources: list('What its tokens are for (RFC 8707).', text('An identifier.')),
        amr: list('How the user proved themselves (RFC 8176).', text('A method.')),
        auth_time: maybe(time('When they did.')),
        offline: flag('Whether it outlives its session.'),
        user: maybe(
          object<{ readonly sub: string; readonly username: string }>('', { sub: text('The user.'), username: text('Their name.') }),
        ),
      }),
    },
  },
  'grants.lineage': {
    method: 'GET',
    path: '/grants/{grant_id}/lineage',
    summary: 'Where a grant comes from, and what has come from it.',
    role: 'read',
    effect: 'read',
    params,
    query: NOTHING,
    reply: {
      status: 200,
      body: object<Lineage>('Lineage', {
        grant: GRANT_SUMMARY,
        ancestors: list('Nearest first.', GRANT_SUMMARY),
        descendants: list('Level by level.', GRANT_SUMMARY),
        truncated: flag('There are more.'),
      }),
    },
  },
  'grants.revoke': {
    method: 'POST',
    path: '/grants/{grant_id}/revoke',
    summary: 'Ends a grant with every token of it, and all that comes from it.',
    role: 'support',
    effect: 'dangerous',
    params,
    query: PREVIEW,
    reply: { status: 200, body: EFFECT },
  },
};
