import { NOTHING, type Nothing, type Operation } from './operation.ts';
import { LIMITS_SCOPE } from './roles.ts';
import { anything, choice, counts, list, maybe, members, object, type Shape, text, time, whole } from './shape.ts';

/** A limit of flow control, and who says so. */
export interface LimitView {
  readonly name: string;
  readonly kind: 'builtin' | 'rule';
  /** What holds, as `limits.builtin` and `limits.rules` of hufu.yaml have it. */
  readonly rule: NonNullable<unknown> | null;
  readonly source: 'default' | 'config' | 'runtime';
  readonly changed_at?: number;
  readonly changed_by?: string;
  /** Why what was set while the server ran does not hold. */
  readonly problem?: string;
  /** What came of it in this process since it started. */
  readonly counts?: Readonly<Record<string, number>>;
}

export interface AllLimits {
  /** Grows with each change that is made while servers run. */
  readonly version: number;
  readonly limits: readonly LimitView[];
}

const limit: Shape<LimitView> = object<LimitView>('Limit', {
  name: text('Its name.'),
  kind: choice('`builtin`: one of the server’s own.', ['builtin', 'rule']),
  rule: anything('What holds, as `limits` of hufu.yaml has it.'),
  source: choice('Who says so.', ['default', 'config', 'runtime']),
  changed_at: maybe(time('When it was set while servers ran.')),
  changed_by: maybe(text('By whom.')),
  problem: maybe(text('Why what was set does not hold.')),
  counts: maybe(counts('What came of it in this process since it started.')),
});

export interface LimitOperations {
  readonly 'limits.list': Operation<never, Nothing, undefined, AllLimits>;
  readonly 'limits.get': Operation<'name', Nothing, undefined, LimitView>;
  readonly 'limits.put': Operation<'name', Nothing, Readonly<Record<string, unknown>>, LimitView>;
  readonly 'limits.reset': Operation<'name', Nothing, undefined, undefined>;
}

const params = { name: text('The limit.', { min: 1, max: 100 }) };

export const LIMIT_OPERATIONS: LimitOperations = {
  'limits.list': {
    method: 'GET',
    path: '/limits',
    summary: 'Every limit of flow control.',
    role: 'read',
    scopes: [LIMITS_SCOPE],
    effect: 'read',
    params: {},
    query: NOTHING,
    reply: {
      status: 200,
      body: object<AllLimits>('Limits', {
        version: whole('Grows with each change that is made while servers run.'),
        limits: list('The server’s own, then the rules.', limit),
      }),
    },
  },
  'limits.get': {
    method: 'GET',
    path: '/limits/{name}',
    summary: 'One limit of flow control.',
    role: 'read',
    scopes: [LIMITS_SCOPE],
    effect: 'read',
    params,
    query: NOTHING,
    reply: { status: 200, body: limit },
  },
  'limits.put': {
    method: 'PUT',
    path: '/limits/{name}',
    summary: 'Sets a limit on every node, in place of what the configuration says.',
    role: 'security',
    scopes: [LIMITS_SCOPE],
    effect: 'change',
    params,
    query: NOTHING,
    body: members('The limit, as `limits.builtin` or `limits.rules` of hufu.yaml have it.'),
    reply: { status: 200, body: limit },
    match: 'optional',
  },
  'limits.reset': {
    method: 'DELETE',
    path: '/limits/{name}',
    summary: 'What the configuration says of a limit holds again.',
    role: 'security',
    scopes: [LIMITS_SCOPE],
    effect: 'change',
    params,
    query: NOTHING,
    reply: { status: 204 },
    match: 'optional',
  },
};
