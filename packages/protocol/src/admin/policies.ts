import { NOTHING, type Nothing, type Operation } from './operation.ts';
import { anything, flag, list, maybe, object, type Shape, text, whole } from './shape.ts';
import type { Items } from './users.ts';

/** A policy that holds, as hufu.yaml would say it. */
export interface PolicyView {
  readonly setting: string;
  readonly meaning: string;
  readonly set: boolean;
  readonly value?: NonNullable<unknown> | null;
  readonly usual?: NonNullable<unknown> | null;
  readonly line?: number;
}

const policy: Shape<PolicyView> = object<PolicyView>('Policy', {
  setting: text('Its place in hufu.yaml: it is changed there.'),
  meaning: text('What it decides.'),
  set: flag('Whether hufu.yaml says it; otherwise it is as it is by default.'),
  value: maybe(anything('What holds, as one would write it, but for secrets and what is very long. Absent: nothing.')),
  usual: maybe(anything('What holds where hufu.yaml says nothing. Absent: nothing, or what other settings make of it.')),
  line: maybe(whole('Of hufu.yaml as it was read at the start.', { min: 1 })),
});

export interface PolicyOperations {
  readonly 'policies.list': Operation<never, Nothing, undefined, Items<PolicyView>>;
}

export const POLICY_OPERATIONS: PolicyOperations = {
  'policies.list': {
    method: 'GET',
    path: '/policies',
    summary: 'Every policy that holds, by default or by hufu.yaml, with its place there.',
    role: 'read',
    effect: 'read',
    params: {},
    query: NOTHING,
    reply: { status: 200, body: object<Items<PolicyView>>('PolicyList', { items: list('All there are.', policy) }) },
  },
};
