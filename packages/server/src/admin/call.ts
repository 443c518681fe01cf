import type { BodyOf, OperationName, ParamsOf, QueryOf, ReplyOf } from '@hufu/protocol/admin/operations';
import type { Store } from '@hufu/store/port';
import type { Context } from '../context.ts';
import type { Trail } from '../decisions/trail.ts';
import { AdminRefusal } from './refusal.ts';
import { type Caller } from './require-caller.ts';

/** What a change is about. `before` and `after` hold no secret: they are what replies tell. */
export interface Change {
  readonly target: {
    readonly kind: 'client' | 'user' | 'grant' | 'session' | 'device' | 'key' | 'keys' | 'limit' | 'administrator' | 'webhook';
    readonly id: string;
  };
  readonly before?: unknown;
  readonly after?: unknown;
}

/** One call of an operation, by somebody who may make it. */
export interface AdminCall<N extends OperationName> {
  readonly ctx: Context;
  readonly name: N;
  readonly caller: Caller;
  readonly params: ParamsOf<N>;
  readonly query: QueryOf<N>;
  readonly body: BodyOf<N>;
  readonly trail: Trail;
  /** Seconds since 1970. */
  readonly now: number;
  readonly nowMs: number;
  /** Of `If-Match`; undefined: whatever there is. */
  readonly tag: string | undefined;
  /**
   * Where everything that an operation changes goes through: the one place that knows who changes what. `act` writes with the store that it is handed, so that
   * whatever is to be written in the same transaction can be.
   */
  change<T>(change: Change, act: (store: Store) => Promise<T>): Promise<T>;
}

/** What an operation answers. `etag` with its quotation marks. */
export interface Answer<N extends OperationName> {
  readonly body: ReplyOf<N>;
  readonly etag?: string;
}

export type Perform<N extends OperationName> = (call: AdminCall<N>) => Promise<Answer<N>>;

/** Throws `precondition_failed` where what there is, is not what the caller has read (attacks ADM-13). */
export function requireMatch({ tag, trail }: { readonly tag: string | undefined; readonly trail: Trail }, there: string): void {
  if (tag === undefined) return;
  trail.at('admin_match');
  if (tag !== there) throw new AdminRefusal('precondition_failed', 'it has changed since: read it again', { headers: { etag: there } });
}
