/** What an administrator may do: each role has everything of those before it. */
export const ROLES = ['read', 'support', 'security', 'owner'] as const;

export type Role = (typeof ROLES)[number];

export const ROLE_MEANINGS: Readonly<Record<Role, string>> = {
  read: 'sees everything but secrets',
  support: 'and helps users: their sessions, devices, factors and locks, and revokes what they granted',
  security: 'and manages clients, users, keys, revocations and limits',
  owner: 'and manages administrators',
};

const PREFIX = 'hufu:admin:';

/** Narrower than any role: the limits of flow control and nothing else. */
export const LIMITS_SCOPE = 'hufu:admin:limits';

/** Narrower than any role: what the nodes have counted, for `/metrics` and `metrics.get`. */
export const METRICS_SCOPE = 'hufu:admin:metrics';

/** Every scope of the admin API. */
export const ADMIN_SCOPES: readonly string[] = [...ROLES.map(scopeOf), LIMITS_SCOPE, METRICS_SCOPE];

/** The scope that lets a token do what a role may. */
export function scopeOf(role: Role): string {
  return `${PREFIX}${role}`;
}

export function isRole(text: string | undefined): text is Role {
  return ROLES.some((role) => role === text);
}

/** Whether `role` has everything that `other` has. */
export function covers(role: Role, other: Role): boolean {
  return ROLES.indexOf(role) >= ROLES.indexOf(other);
}

/** The scopes that each are enough for an operation. */
export function scopesFor({ role, scopes = [] }: { readonly role: Role; readonly scopes?: readonly string[] }): readonly string[] {
  return [...ROLES.filter((other) => covers(other, role)).map(scopeOf), ...scopes];
}

/** The largest role that scopes are as good as; undefined for none. */
export function roleOfScopes(scopes: readonly string[]): Role | undefined {
  return ROLES.findLast((role) => scopes.includes(scopeOf(role)));
}
