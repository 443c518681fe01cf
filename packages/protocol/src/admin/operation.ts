import type { Role } from './roles.ts';
import { flag, type JsonSchema, object, type Shape, text, whole } from './shape.ts';

/** Where the admin API is, below the issuer. */
export const ADMIN_PATH = '/admin/v1';

/** The path of an operation as routes and limits name it: `*` for each parameter. */
export function adminRoute({ path }: { readonly path: string }): string {
  return ADMIN_PATH + path.replaceAll(/\{[^}]+\}/g, '*');
}

/** Nothing in the query, or in the body. */
export type Nothing = Readonly<Record<never, never>>;

/**
 * One operation of the admin API: all that a server, a client, `openapi.json` and a test need to know of it. The types say what its path, query and body hold, and
 * what it answers.
 */
export interface Operation<Params extends string, Query, Body, Reply> {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Below `/admin/v1`, with `{name}` for a parameter. */
  readonly path: string;
  readonly summary: string;
  /** The least role that may do it. */
  readonly role: Role;
  /** Scopes that are enough beside those of the role and larger ones. */
  readonly scopes?: readonly string[];
  /** `dangerous`: somebody loses access, a secret is made, or data will flow elsewhere: a person must have signed in a moment ago (RFC 9470). */
  readonly effect: 'read' | 'change' | 'dangerous';
  readonly params: Readonly<Record<Params, Shape<string>>>;
  readonly query: Shape<Query>;
  /** Absent: there is none. */
  readonly body?: Shape<Body>;
  readonly reply: { readonly status: 200 | 201 | 204; readonly body?: Shape<Reply> };
  /** Whether a single thing with an `ETag` is changed: `required` without `If-Match` is 428 (RFC 6585 §3). */
  readonly match?: 'optional' | 'required';
  /** `Idempotency-Key` is heeded. */
  readonly once?: true;
  /** It may be refused because of how things are (409). */
  readonly conflicts?: true;
}

/** An operation of any types. */
export type AnyOperation = Operation<string, unknown, unknown, unknown>;

export const NOTHING: Shape<Nothing> = object<Nothing>('', {});

/** What an operation does, or with `dry_run` would do. */
export interface Effect {
  readonly dry_run: boolean;
  /** Live grants that end, each with its tokens. */
  readonly grants: number;
  readonly users: number;
  /** Counting stopped there: there may be more. */
  readonly capped: boolean;
}

export const EFFECT: Shape<Effect> = object<Effect>('Effect', {
  dry_run: flag('Whether nothing was changed.'),
  grants: whole('Grants that were live just before and end, each with all of its tokens.'),
  users: whole('How many users they are of.'),
  capped: flag('Whether counting stopped at this number: there may be more.'),
});

export interface Preview {
  /** Same permission, no effect. */
  readonly dry_run?: boolean;
}

export const PREVIEW: Shape<Preview> = object<Preview>('', { dry_run: { maybe: flag('Only tell what would happen.') } });

/** Whether an operation can be asked what it would do. */
export function previews(operation: { readonly query: JsonSchema }): boolean {
  return Object.hasOwn(Object(operation.query['properties']), 'dry_run');
}

export const CLIENT_ID: Shape<string> = text('The client.', { min: 1, max: 255 });
export const SUB: Shape<string> = text('The user, by their subject identifier.', { min: 1, max: 255 });
