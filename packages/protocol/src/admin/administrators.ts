import { NOTHING, type Nothing, type Operation, SUB } from './operation.ts';
import { LIMITS_SCOPE, METRICS_SCOPE, ROLES, type Role } from './roles.ts';
import { choice, list, maybe, object, type Shape, text, time } from './shape.ts';
import type { Items } from './users.ts';

/** Who calls, and what they may. */
export interface Caller {
  /** `client`: a program for itself. */
  readonly kind: 'client' | 'user';
  readonly client_id: string;
  readonly sub?: string;
  readonly username?: string;
  /** What they may do: of a person the smaller of role and scopes. Absent: only what a narrower scope says. */
  readonly role?: Role;
  readonly scopes: readonly string[];
  /** When the person proved themselves. */
  readonly auth_time?: number;
}

export interface AdministratorView {
  readonly sub: string;
  readonly username: string;
  readonly role: Role;
  /** `config`: hufu.yaml says so, and nothing here changes it. */
  readonly source: 'config' | 'stored';
  readonly changed_at?: number;
  readonly changed_by?: string;
}

export interface NewRole {
  readonly role: Role;
}

const administrator: Shape<AdministratorView> = object<AdministratorView>('Administrator', {
  sub: SUB,
  username: text('Their name.'),
  role: choice('What they may do.', ROLES),
  source: choice('`config`: hufu.yaml says so, and nothing here changes it.', ['config', 'stored']),
  changed_at: maybe(time('When it was given.')),
  changed_by: maybe(text('By whom.')),
});

export interface AdministratorOperations {
  readonly 'me.get': Operation<never, Nothing, undefined, Caller>;
  readonly 'administrators.list': Operation<never, Nothing, undefined, Items<AdministratorView>>;
  readonly 'administrators.put': Operation<'sub', Nothing, NewRole, AdministratorView>;
  readonly 'administrators.remove': Operation<'sub', Nothing, undefined, undefined>;
}

export const ADMINISTRATOR_OPERATIONS: AdministratorOperations = {
  'me.get': {
    method: 'GET',
    path: '/me',
    summary: 'Who calls, and what they may do.',
    role: 'read',
    scopes: [LIMITS_SCOPE, METRICS_SCOPE],
    effect: 'read',
    params: {},
    query: NOTHING,
    reply: {
      status: 200,
      body: object<Caller>('Caller', {
        kind: choice('A program for itself, or a person.', ['client', 'user']),
        client_id: text('The client of the token.'),
        sub: maybe(SUB),
        username: maybe(text('Their name.')),
        role: maybe(choice('What they may do.', ROLES)),
        scopes: list('Of the token.', text('A scope.')),
        auth_time: maybe(time('When the person proved themselves.')),
      }),
    },
  },
  'administrators.list': {
    method: 'GET',
    path: '/administrators',
    summary: 'Users with a role in administration.',
    role: 'read',
    effect: 'read',
    params: {},
    query: NOTHING,
    reply: { status: 200, body: object<Items<AdministratorView>>('AdministratorList', { items: list('All there are.', administrator) }) },
  },
  'administrators.put': {
    method: 'PUT',
    path: '/administrators/{sub}',
    summary: 'Gives a user a role in administration, or another one.',
    role: 'owner',
    effect: 'dangerous',
    params: { sub: SUB },
    query: NOTHING,
    body: object<NewRole>('NewRole', { role: choice('What they may do.', ROLES) }),
    reply: { status: 200, body: administrator },
    conflicts: true,
  },
  'administrators.remove': {
    method: 'DELETE',
    path: '/administrators/{sub}',
    summary: 'Takes a user’s role in administration away.',
    role: 'owner',
    effect: 'dangerous',
    params: { sub: SUB },
    query: NOTHING,
    reply: { status: 204 },
    conflicts: true,
  },
};
