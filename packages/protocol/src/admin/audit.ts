import { NOTHING, type Nothing, type Operation } from './operation.ts';
import {
  anything,
  choice,
  list,
  type Maybe,
  maybe,
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

/** Who, or what. */
export interface AuditParty {
  readonly kind: string;
  readonly id: string;
}

export interface AuditView {
  readonly seq: number;
  readonly id: number;
  readonly at_ms: number;
  readonly actor: AuditParty;
  readonly via: string;
  readonly request_id: string;
  readonly action: string;
  readonly target: AuditParty;
  readonly details: NonNullable<unknown> | null;
  readonly mac: string;
  readonly hash: string;
}

export interface CheckpointView {
  readonly seq: number;
  readonly hash: string;
  readonly at_ms: number;
  readonly jws: string;
  readonly jwk: NonNullable<unknown> | null;
}

export interface AuditFaultView {
  readonly seq: number;
  readonly kind: string;
  readonly detail: string;
}

export interface AuditStateView {
  readonly seq: number;
  readonly hash: string;
  readonly checkpoint: CheckpointView | null;
  readonly verified_from: number;
  readonly verified_to: number;
  readonly faults: readonly AuditFaultView[];
}

/** Which checkpoints. */
export interface CheckpointQuery extends Paging {
  /** Those of this entry and of later ones: the first of them seals it. */
  readonly from?: number;
}

export interface AuditQuery extends Paging {
  readonly actor_kind?: string;
  readonly actor?: string;
  readonly action?: string;
  readonly target_kind?: string;
  readonly target?: string;
  readonly since?: number;
  readonly until?: number;
}

const whoOrWhat: Shape<AuditParty> = object<AuditParty>('AuditParty', { kind: text('What kind.'), id: text('Its name.') });
const entry: Shape<AuditView> = object<AuditView>('AuditEntry', {
  seq: whole('Its place in the chain.', { min: 1 }),
  id: whole('Its number, as it was written.', { min: 1 }),
  at_ms: whole('When. Milliseconds since 1970.'),
  actor: whoOrWhat,
  via: text('The client that they acted through; may be empty.'),
  request_id: text('The request; may be empty.'),
  action: text('What was done.'),
  target: whoOrWhat,
  details: anything('More about it: a flat object.'),
  mac: text('Signed under the master key.'),
  hash: text('Over the hash before, the number, the signature and all of the entry.'),
});
const CHECKPOINT: Shape<CheckpointView> = object<CheckpointView>('AuditCheckpoint', {
  seq: whole('The entry that it is of.', { min: 1 }),
  hash: text('The hash of that.'),
  at_ms: whole('When it was signed. Milliseconds since 1970.'),
  jws: text('What was signed (RFC 7515).'),
  jwk: anything('The public key (RFC 7517).'),
});
const nothingOr = <T>(shape: Shape<T>): Shape<T | null> => ({ anyOf: [shape, { type: 'null' }] });
const word = (description: string): Maybe<string> => maybe(text(description, { min: 1, max: 512 }));

export interface AuditOperations {
  readonly 'audit.list': Operation<never, AuditQuery, undefined, Page<AuditView>>;
  readonly 'audit.get': Operation<'seq', Nothing, undefined, AuditView>;
  readonly 'audit.checkpoints': Operation<never, CheckpointQuery, undefined, Page<CheckpointView>>;
  readonly 'audit.state': Operation<never, Nothing, undefined, AuditStateView>;
}

export const AUDIT_OPERATIONS: AuditOperations = {
  'audit.list': {
    method: 'GET',
    path: '/audit/entries',
    summary: 'Who changed what, newest first.',
    role: 'read',
    effect: 'read',
    params: {},
    query: object<AuditQuery>('', {
      ...PAGING,
      actor_kind: maybe(choice('With `actor`: what kind they are of.', ['user', 'client', 'admin', 'cli', 'system'])),
      actor: maybe(text('With `actor_kind`: their name.', { max: 512 })),
      action: word('That action.'),
      target_kind: word('With `target`: what kind it is of.'),
      target: word('With `target_kind`: its name.'),
      since: maybe(time('Not before.')),
      until: maybe(time('Before.')),
    }),
    reply: { status: 200, body: page(entry) },
  },
  'audit.get': {
    method: 'GET',
    path: '/audit/entries/{seq}',
    summary: 'An entry of the audit log.',
    role: 'read',
    effect: 'read',
    params: { seq: text('The number of an entry: a whole number from 1 on.', { pattern: '^[1-9][0-9]{0,14}$' }) },
    query: NOTHING,
    reply: { status: 200, body: entry },
  },
  'audit.checkpoints': {
    method: 'GET',
    path: '/audit/checkpoints',
    summary: 'What the server has signed of the audit log, in the order of the chain: whoever keeps one elsewhere can hold the log to it.',
    role: 'read',
    effect: 'read',
    params: {},
    query: object<CheckpointQuery>('', {
      ...PAGING,
      from: maybe(whole('Those of this entry and of later ones: the first of them seals it.', { min: 1 })),
    }),
    reply: { status: 200, body: page(CHECKPOINT) },
  },
  'audit.state': {
    method: 'GET',
    path: '/audit/state',
    summary:
      'The end of the audit log, its last checkpoint, and whether the last thousand entries are as they were sealed; `hufu audit verify` looks at all of them.',
    role: 'read',
    effect: 'read',
    params: {},
    query: NOTHING,
    reply: {
      status: 200,
      body: object<AuditStateView>('AuditState', {
        seq: whole('The last number.'),
        hash: text('Its hash.'),
        checkpoint: nothingOr(CHECKPOINT),
        verified_from: whole('The first entry that was looked at.'),
        verified_to: whole('The last one.'),
        faults: list(
          'What is wrong, in the order of the chain.',
          object<AuditFaultView>('AuditFault', {
            seq: whole('Where.'),
            kind: text('What.'),
            detail: text('More about it.'),
          }),
        ),
      }),
    },
  },
};
