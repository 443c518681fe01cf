import type { TenantId } from '@hufu/protocol/ids';
import type { HistoryRecord, Store } from '@hufu/store/port';
import { redact } from '../decisions/redact.ts';
import type { Log } from '../log.ts';
import { type Facts, writeFacts } from './facts.ts';

/** How long what was asked is kept. */
export const HISTORY_SECONDS = 86_400;
/** Rows of a tenant at most, of all processes together. */
const MOST_ROWS = 150_000;
/** Kinds of requests between two writes that are told apart: those that were refused anybody can make. Of others there is one count. */
const MAX_ALLOWED = 4_000;
const MAX_REFUSED = 1_000;
/** Rows that are written in one act: an embedded database has the thread of all requests meanwhile. */
const ROWS_AT_ONCE = 500;
/** How often it is written. */
export const FLUSH_MS = 60_000;
const LOST = 'lost';

interface Counted {
  /** Written at once: the words of the facts are parts of a body, and would keep all of it until the next flush. */
  readonly text: string;
  times: number;
}

/** What was asked, for replays against another configuration (docs/decisions/0040): counted in memory, and written once a minute. */
export interface RequestHistory {
  /** Counts one. Never waits, never throws. */
  note(facts: Facts, nowMs: number): void;
  /** Writes what was counted; what the store does not take is dropped, and logged. */
  flush(nowMs: number): Promise<void>;
}

export function requestHistory(store: Pick<Store, 'recordHistory'>, tenant: TenantId, log: Log): RequestHistory {
  let minutes = new Map<number, Map<string, Counted>>();
  let allowed = 0;
  let refused = 0;

  /** Whether one more kind of request can be told apart. */
  function hasRoom(facts: Facts): boolean {
    if (facts.kind === 'lost') return true;
    return facts.refused === undefined ? ++allowed <= MAX_ALLOWED : ++refused <= MAX_REFUSED;
  }

  return {
    note(facts, nowMs) {
      const minute = Math.floor(nowMs / 60_000) * 60;
      let counts = minutes.get(minute);
      if (counts === undefined) minutes.set(minute, (counts = new Map()));
      const key = keyOf(facts);
      const before = counts.get(key);
      if (before !== undefined) before.times++;
      else if (hasRoom(facts)) counts.set(copied(key), { text: redact(writeFacts(facts)), times: 1 });
      else {
        const lost = counts.get(LOST) ?? { text: writeFacts({ kind: 'lost' }), times: 0 };
        lost.times++;
        counts.set(LOST, lost);
      }
    },
    async flush(nowMs) {
      const records: HistoryRecord[] = [];
      for (const [minute, counts] of minutes) for (const { text, times } of counts.values()) records.push({ minute, facts: text, times });
      if (records.length === 0) return;
      minutes = new Map();
      allowed = 0;
      refused = 0;
      let written = 0;
      try {
        for (; written < records.length; written += ROWS_AT_ONCE) {
          const some = records.slice(written, written + ROWS_AT_ONCE);
          await store.recordHistory(tenant, some, Math.floor(nowMs / 1000) - HISTORY_SECONDS, MOST_ROWS);
        }
      } catch (error) {
        log.error('history.dropped', error, { dropped: records.length - written });
      }
    },
  };
}

/** The same for facts that are the same. Token requests are the hot path: a text of theirs costs a tenth of their JSON, which is written once for all that are alike. */
function keyOf(facts: Facts): string {
  if (facts.kind !== 'token') return facts.kind === LOST ? LOST : writeFacts(facts);
  const { client, auth, grantType, scope, resources, redirectUri, grant, at, idle, user, granted, refused } = facts;
  const named = resources.length === 0 ? '' : JSON.stringify(resources);
  const known = grant === undefined ? '' : `${grant} ${at} ${idle}`;
  const outcome = refused === undefined ? (granted?.join(' ') ?? '') : `${refused.check} ${refused.error}`;
  // What was sent may hold anything: its length says where it ends.
  return `${measured(client)}${auth} ${measured(grantType)}${measured(scope)}${measured(redirectUri)}${named} ${known} ${user} ${outcome}`;
}

/** With nothing of the body that its parts were cut from: V8 may keep a text that was put together as its parts. Code units as they are, so that it is found by the same key. */
function copied(key: string): string {
  return Buffer.from(key, 'utf16le').toString('utf16le');
}

function measured(text: string | undefined): string {
  return text === undefined ? '-' : `${text.length} ${text}`;
}
