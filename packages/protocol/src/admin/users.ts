import { EFFECT, type Effect, NOTHING, type Nothing, type Operation, PREVIEW, type Preview, SUB } from './operation.ts';
import { ROLES, type Role } from './roles.ts';
import {
  choice,
  flag,
  list,
  maybe,
  members,
  object,
  PAGING,
  type Page,
  type Paging,
  page,
  type Shape,
  text,
  time,
  whole,
} from './shape.ts';

export type UserSource = 'config' | 'sign_up' | 'upstream' | 'admin';

/** A user in a list. */
export interface UserSummary {
  readonly sub: string;
  readonly username: string;
  readonly source: UserSource;
  readonly enabled: boolean;
  /** Absent: not locked. */
  readonly locked_until?: number;
  readonly created_at: number;
  readonly name?: string;
  readonly email?: string;
}

export interface UserView extends UserSummary {
  readonly claims: Readonly<Record<string, unknown>>;
  readonly has_password: boolean;
  readonly password_changed_at: number;
  readonly updated_at: number;
  /** Absent: no administrator. */
  readonly role?: Role;
}

export interface UserFilter extends Paging {
  /** The name begins with it, in any letter case. */
  readonly prefix?: string;
  readonly email?: string;
  readonly state?: 'disabled' | 'locked';
}

export interface NewUser {
  readonly username: string;
  /** Absent: there is none, and they come in by another way. */
  readonly password?: string;
  readonly claims?: Readonly<Record<string, unknown>>;
}

/** A mail on its way; what its link is, nobody but its reader learns. */
export interface Invitation {
  readonly sub: string;
  readonly email: string;
  readonly expires_at: number;
}

export interface Claims {
  readonly claims: Readonly<Record<string, unknown>>;
}

export interface Lock {
  /** Absent: until somebody unlocks. */
  readonly seconds?: number;
}

export interface FactorView {
  readonly kind: 'totp' | 'passkey';
  readonly name: string;
  readonly created_at: number;
  readonly used_at?: number;
}

export interface Factors {
  readonly items: readonly FactorView[];
  readonly recovery_codes: number;
}

export interface SessionView {
  readonly sid: string;
  readonly created_at: number;
  readonly last_seen_at: number;
  readonly expires_at: number;
  readonly amr: readonly string[];
  readonly user_agent: string;
  readonly device_id?: string;
  readonly place?: string;
}

export interface DeviceView {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  readonly agent: string;
  readonly place?: string;
  readonly created_at: number;
  readonly seen_at: number;
  /** Absent: not trusted. */
  readonly trusted_until?: number;
}

/** All there are: they are few. */
export interface Items<T> {
  readonly items: readonly T[];
}

const SUMMARY = {
  sub: SUB,
  username: text('The name to sign in with.'),
  source: choice<UserSource>('Who made the account.', ['config', 'sign_up', 'upstream', 'admin']),
  enabled: flag('Whether they may sign in.'),
  locked_until: maybe(time('Nothing of theirs is taken until then; absent where they are not locked.')),
  created_at: time('When the account was made.'),
  name: maybe(text('The claim `name`.')),
  email: maybe(text('The claim `email`.')),
};
const CLAIMS: Shape<Readonly<Record<string, unknown>>> = members('Standard claims of OpenID Connect (Core §5.1), as hufu.yaml has them.');
const summary: Shape<UserSummary> = object<UserSummary>('UserSummary', SUMMARY);
const user: Shape<UserView> = object<UserView>('User', {
  ...SUMMARY,
  claims: CLAIMS,
  has_password: flag('Whether they have a password.'),
  password_changed_at: time('When it was set.'),
  updated_at: time('When the account was last changed.'),
  role: maybe(choice('Their role in administration.', ROLES)),
});
const factor: Shape<FactorView> = object<FactorView>('Factor', {
  kind: choice('`totp`: codes of an app. `passkey`: WebAuthn.', ['totp', 'passkey']),
  name: text('As its owner calls it.'),
  created_at: time('When it was added.'),
  used_at: maybe(time('When it was last used.')),
});
const session: Shape<SessionView> = object<SessionView>('Session', {
  sid: text('As tokens name it (OpenID Connect Front-Channel Logout §3).'),
  created_at: time('When they signed in.'),
  last_seen_at: time('When it was last used.'),
  expires_at: time('When it ends.'),
  amr: list('How they proved themselves (RFC 8176).', text('A method.')),
  user_agent: text('As the browser calls itself.'),
  device_id: maybe(text('Their device.')),
  place: maybe(text('The coarse place.')),
});
const device: Shape<DeviceView> = object<DeviceView>('Device', {
  id: text('The device.'),
  name: text('As its owner calls it.'),
  type: text('What it is: `desktop`, `mobile`, `tablet`, `tv` or `other`.'),
  agent: text('Browser and system.'),
  place: maybe(text('The coarse place.')),
  created_at: time('When it was first seen.'),
  seen_at: time('When it was last seen.'),
  trusted_until: maybe(time('No second factor is asked for until then.')),
});

const invitation: Shape<Invitation> = object<Invitation>('Invitation', {
  sub: SUB,
  email: text('Where the mail goes.'),
  expires_at: time('Until when its link is good.'),
});

function items<T>(item: Shape<T>): Shape<Items<T>> {
  return object<Items<T>>(`${String(item['title'])}List`, { items: list('All there are.', item) });
}

export interface UserOperations {
  readonly 'users.list': Operation<never, UserFilter, undefined, Page<UserSummary>>;
  readonly 'users.get': Operation<'sub', Nothing, undefined, UserView>;
  readonly 'users.create': Operation<never, Nothing, NewUser, UserView>;
  readonly 'users.invite': Operation<'sub', Nothing, undefined, Invitation>;
  readonly 'users.claims.put': Operation<'sub', Nothing, Claims, UserView>;
  readonly 'users.disable': Operation<'sub', Preview, undefined, Effect>;
  readonly 'users.enable': Operation<'sub', Nothing, undefined, UserView>;
  readonly 'users.lock': Operation<'sub', Nothing, Lock, UserView>;
  readonly 'users.unlock': Operation<'sub', Nothing, undefined, UserView>;
  readonly 'users.revoke': Operation<'sub', Preview, undefined, Effect>;
  readonly 'users.delete': Operation<'sub', Preview, undefined, Effect>;
  readonly 'users.factors.list': Operation<'sub', Nothing, undefined, Factors>;
  readonly 'users.factors.reset': Operation<'sub', Nothing, undefined, Factors>;
  readonly 'users.sessions.list': Operation<'sub', Nothing, undefined, Items<SessionView>>;
  readonly 'users.sessions.end': Operation<'sub' | 'sid', Nothing, undefined, undefined>;
  readonly 'users.devices.list': Operation<'sub', Nothing, undefined, Items<DeviceView>>;
  readonly 'users.devices.remove': Operation<'sub' | 'device_id', Nothing, undefined, undefined>;
}

const params = { sub: SUB };
const one = { params, query: NOTHING, reply: { status: 200, body: user } } as const;
const ends = { effect: 'dangerous', params, query: PREVIEW, reply: { status: 200, body: EFFECT } } as const;
const factors: Shape<Factors> = object<Factors>('Factors', {
  items: list('What they prove themselves with beside a password.', factor),
  recovery_codes: whole('Recovery codes that are left.'),
});

export const USER_OPERATIONS: UserOperations = {
  'users.list': {
    method: 'GET',
    path: '/users',
    summary: 'Users, in order of their names as they are compared.',
    role: 'read',
    effect: 'read',
    params: {},
    query: object<UserFilter>('', {
      ...PAGING,
      prefix: maybe(text('What the name begins with, in any letter case.', { min: 1, max: 255 })),
      email: maybe(text('A verified address, whole.', { min: 3, max: 254 })),
      state: maybe(choice('Only those that are disabled, or locked now.', ['disabled', 'locked'])),
    }),
    reply: { status: 200, body: page(summary) },
  },
  'users.get': { method: 'GET', path: '/users/{sub}', summary: 'One user.', role: 'read', effect: 'read', ...one },
  'users.create': {
    method: 'POST',
    path: '/users',
    summary: 'Makes an account.',
    role: 'security',
    effect: 'change',
    params: {},
    query: NOTHING,
    body: object<NewUser>('NewUser', {
      username: text('A name as people choose them when they sign up.', { min: 1, max: 64 }),
      password: maybe(text('Their password; where it is left out, they have none.', { min: 1, max: 1024 })),
      claims: maybe(CLAIMS),
    }),
    reply: { status: 201, body: user },
    once: true,
    conflicts: true,
  },
  'users.invite': {
    method: 'POST',
    path: '/users/{sub}/invite',
    summary:
      'Mails a link by which the owner of an account that was made here sets its first password, and shows that the address is theirs. The one that was sent before is good for nothing then.',
    role: 'security',
    effect: 'change',
    params,
    query: NOTHING,
    reply: { status: 200, body: invitation },
    match: 'optional',
    conflicts: true,
  },
  'users.claims.put': {
    method: 'PUT',
    path: '/users/{sub}/claims',
    summary: 'Puts claims in the place of all that were there.',
    role: 'security',
    effect: 'dangerous',
    ...one,
    body: object<Claims>('Claims', { claims: CLAIMS }),
    match: 'required',
    conflicts: true,
  },
  'users.disable': {
    method: 'POST',
    path: '/users/{sub}/disable',
    summary: 'Ends a user’s sessions and grants, and lets nobody sign in as them.',
    role: 'security',
    ...ends,
    match: 'optional',
    conflicts: true,
  },
  'users.enable': {
    method: 'POST',
    path: '/users/{sub}/enable',
    summary: 'Lets a disabled user sign in again. What ended stays ended.',
    role: 'security',
    effect: 'change',
    ...one,
    match: 'optional',
  },
  'users.lock': {
    method: 'POST',
    path: '/users/{sub}/lock',
    summary: 'Takes nothing of a user’s for a while; nothing ends.',
    role: 'support',
    effect: 'dangerous',
    ...one,
    body: object<Lock>('Lock', {
      seconds: maybe(whole('For so long; where it is left out, until somebody unlocks.', { min: 1, max: 315_360_000 })),
    }),
    match: 'optional',
    conflicts: true,
  },
  'users.unlock': {
    method: 'POST',
    path: '/users/{sub}/unlock',
    summary: 'Lets a locked user go on where they were.',
    role: 'support',
    effect: 'change',
    ...one,
    match: 'optional',
  },
  'users.revoke': {
    method: 'POST',
    path: '/users/{sub}/revoke',
    summary: 'Signs a user out everywhere, and ends what they granted.',
    role: 'support',
    ...ends,
  },
  'users.delete': {
    method: 'DELETE',
    path: '/users/{sub}',
    summary: 'Deletes an account and all that is kept of it.',
    role: 'security',
    ...ends,
    match: 'required',
    conflicts: true,
  },
  'users.factors.list': {
    method: 'GET',
    path: '/users/{sub}/factors',
    summary: 'What a user proves themselves with beside a password.',
    role: 'read',
    effect: 'read',
    params,
    query: NOTHING,
    reply: { status: 200, body: factors },
  },
  'users.factors.reset': {
    method: 'POST',
    path: '/users/{sub}/reset-factors',
    summary: 'Removes the second factors, passkeys and recovery codes of a user who has lost them.',
    role: 'support',
    effect: 'dangerous',
    params,
    query: NOTHING,
    reply: { status: 200, body: factors },
  },
  'users.sessions.list': {
    method: 'GET',
    path: '/users/{sub}/sessions',
    summary: 'Where a user is signed in, newest first.',
    role: 'read',
    effect: 'read',
    params,
    query: NOTHING,
    reply: { status: 200, body: items(session) },
  },
  'users.sessions.end': {
    method: 'DELETE',
    path: '/users/{sub}/sessions/{sid}',
    summary: 'Ends a session of a user, and tells the apps that took part in it.',
    role: 'support',
    effect: 'change',
    params: { ...params, sid: text('A session of this user.', { min: 1, max: 64 }) },
    query: NOTHING,
    reply: { status: 204 },
  },
  'users.devices.list': {
    method: 'GET',
    path: '/users/{sub}/devices',
    summary: 'The devices of a user, lastly seen first.',
    role: 'read',
    effect: 'read',
    params,
    query: NOTHING,
    reply: { status: 200, body: items(device) },
  },
  'users.devices.remove': {
    method: 'DELETE',
    path: '/users/{sub}/devices/{device_id}',
    summary: 'Signs a device of a user out, with everything that was granted there.',
    role: 'support',
    effect: 'change',
    params: { ...params, device_id: text('A device of this user.', { min: 1, max: 64 }) },
    query: NOTHING,
    reply: { status: 204 },
  },
};
