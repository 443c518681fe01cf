import { OAuthError } from '@hufu/protocol/errors';
import {
  MAX_BATCH_ENTRIES,
  MAX_BATCH_LENGTH,
  REVOCATIONS_TYPE,
  type RevocationBatch,
  type RevocationEntry,
} from '@hufu/protocol/revocation-batch';
import type { Revocation } from '@hufu/store/port';
import { monotonicMs } from '../clock.ts';
import type { Context } from '../context.ts';
import { usualSigner } from '../keys/require-signer.ts';
import { wireEntry } from './wire-entry.ts';

/** A signed piece of the log. */
export interface Batch {
  readonly epoch: string;
  readonly after: number;
  readonly seq: number;
  readonly head: number;
  /** How many entries it has. */
  readonly count: number;
  readonly beat: number;
  readonly jws: string;
}

/** What a process knows of the revocation log, and publishes. It says nothing that it has not read without a gap. */
export interface Hub {
  /** Of this process, for ever. */
  readonly name: string;
  readonly epoch: string;
  readonly head: number;
  /** Milliseconds since the moment that is known: when the last look that succeeded began. */
  ageMs(): number;
  /** Looks where the log ends, and reads up to there. Done after a look that began after the call. Throws `StoreUnavailable`. */
  look(): Promise<void>;
  /**
   * What comes after a position, signed. The same batch for many who ask for the same.
   * @param notBefore moment of `monotonicMs` that it has to be true of; by default whatever the last `tick` has made
   */
  batch(after: number, notBefore?: number): Promise<Batch>;
  /** From now on batches are signed anew. */
  tick(): void;
  /** Gives the log another name: somebody follows it further than it goes. */
  renew(): Promise<void>;
  /** Calls `act` after the log has grown, or has another name. Answers what stops that. */
  onChange(act: () => void): () => void;
}

interface Position {
  readonly epoch: string;
  readonly head: number;
  readonly beat: number;
}

interface Held {
  readonly entry: RevocationEntry;
  /** Characters as JSON. */
  readonly length: number;
}

/** Entries in memory; older ones are read again from the store. */
const MAX_HELD = 10_000;
const PAGE = MAX_BATCH_ENTRIES;
/** Batches that are kept for the next who asks. */
const MAX_SIGNED = 64;
/** What is left of the length for entries, before base64url, beside header, signature and the other members. */
const MAX_ENTRIES_LENGTH: number = Math.floor((MAX_BATCH_LENGTH * 3) / 4) - 4_096;

export function revocationHub(ctx: Context): Hub {
  const name = ctx.random.text(12);
  const changed = new Set<() => void>();
  const signed = new Map<number, { readonly beat: number; readonly batch: Promise<Batch> }>();
  let known: Position | undefined;
  /** Every entry after `from` and up to the head that is still there. */
  let held: Held[] = [];
  let from = 0;
  let looking: Promise<void> | undefined;
  let next: Promise<void> | undefined;

  function look(): Promise<void> {
    if (looking === undefined) {
      looking = read().finally(() => {
        looking = undefined;
      });
      return looking;
    }
    // The one under way may have begun before what its caller wants to know of.
    next ??= looking
      .catch(() => undefined)
      .then(() => {
        next = undefined;
        return look();
      });
    return next;
  }

  async function read(): Promise<void> {
    const beat = monotonicMs();
    const found = await ctx.store.readRevocationHead(ctx.tenant);
    const epoch = found.epoch ?? (await ctx.store.renewRevocationEpoch(ctx.tenant, undefined, ctx.random.text(16)));
    if (known === undefined || epoch !== known.epoch) return begin(epoch, found.seq, beat);
    if (found.seq < known.head) {
      ctx.log.warn('revocations.renewed', { head: found.seq });
      return begin(await ctx.store.renewRevocationEpoch(ctx.tenant, epoch, ctx.random.text(16)), found.seq, beat);
    }
    if (found.seq - known.head > MAX_HELD) return begin(epoch, found.seq, beat);
    const grown = await readUp(known.head, found.seq);
    // Nothing that tells of a stolen key is signed with it.
    if (grown.some(({ entry }) => entry.kind === 'key')) await ctx.keys.follow(Math.floor(ctx.clock.nowMs() / 1000));
    held.push(...grown);
    if (held.length > MAX_HELD) from = held.splice(0, held.length - MAX_HELD).at(-1)?.entry.seq ?? from;
    const isNews = found.seq > known.head;
    known = { epoch, head: found.seq, beat };
    if (isNews) tell();
  }

  /** Without anything in memory: whatever there is may tell of a key. */
  async function begin(epoch: string, head: number, beat: number): Promise<void> {
    await ctx.keys.follow(Math.floor(ctx.clock.nowMs() / 1000));
    const isNews = known !== undefined;
    known = { epoch, head, beat };
    held = [];
    from = head;
    if (isNews) tell();
  }

  function tell(): void {
    signed.clear();
    for (const act of changed) act();
  }

  /** In pages; only what the head has promised. */
  async function readUp(after: number, head: number): Promise<Held[]> {
    const all: Held[] = [];
    for (let at = after; at < head; ) {
      const page = await readPage(at, head);
      for (const row of page.rows) {
        ctx.metrics.meter.revoked(row.kind);
        all.push(toHeld(row));
      }
      at = page.seq;
    }
    return all;
  }

  async function readPage(after: number, head: number): Promise<{ readonly rows: readonly Revocation[]; readonly seq: number }> {
    const rows = await ctx.store.readRevocations(ctx.tenant, after, PAGE);
    const promised = rows.filter(({ seq }) => seq <= head);
    const isAll = rows.length < PAGE || promised.length < rows.length;
    return { rows: promised, seq: isAll ? head : (promised.at(-1)?.seq ?? head) };
  }

  function toHeld(row: Revocation): Held {
    const entry = wireEntry(ctx, row);
    return { entry, length: JSON.stringify(entry).length + 1 };
  }

  function required(): Position {
    if (known === undefined)
      throw new OAuthError('temporarily_unavailable', 'the revocation log has not been read yet', { retryAfterSeconds: 1 });
    return known;
  }

  async function make(after: number): Promise<Batch> {
    const { epoch, head, beat } = required();
    const page = after >= from ? { entries: heldAfter(after), seq: head } : await stored(after, head);
    if (known?.epoch !== epoch) throw new OAuthError('temporarily_unavailable', 'the revocation log begins anew', { retryAfterSeconds: 1 });
    const now = Math.floor(ctx.clock.nowMs() / 1000);
    const entries: RevocationEntry[] = [];
    let length = 0;
    let seq = page.seq;
    for (const each of page.entries) {
      if (each.entry.exp !== undefined && each.entry.exp <= now) continue;
      length += each.length;
      if (length > MAX_ENTRIES_LENGTH || entries.length === MAX_BATCH_ENTRIES) {
        seq = entries.at(-1)?.seq ?? after;
        break;
      }
      entries.push(each.entry);
    }
    const payload: RevocationBatch = {
      iss: ctx.issuer,
      iat: now,
      epoch,
      hub: name,
      // Rounded so that the batch never looks younger than it is.
      beat: Math.floor(beat),
      signed: Math.ceil(monotonicMs()),
      after,
      seq,
      head,
      entries,
    };
    return { epoch, after, seq, head, count: entries.length, beat, jws: usualSigner(ctx, now).sign(REVOCATIONS_TYPE, payload) };
  }

  async function stored(after: number, head: number): Promise<{ readonly entries: readonly Held[]; readonly seq: number }> {
    const { rows, seq } = await readPage(after, head);
    return { entries: rows.map(toHeld), seq };
  }

  function heldAfter(after: number): readonly Held[] {
    let low = 0;
    let high = held.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((held[middle]?.entry.seq ?? 0) <= after) low = middle + 1;
      else high = middle;
    }
    // All of them: whatever is cut off here, and over, would be taken for looked at.
    return held.slice(low);
  }

  return {
    name,
    get epoch() {
      return required().epoch;
    },
    get head() {
      return required().head;
    },
    ageMs: () => (known === undefined ? Number.POSITIVE_INFINITY : monotonicMs() - known.beat),
    look,
    batch(after, notBefore = 0) {
      const there = signed.get(after);
      if (there !== undefined && there.beat >= notBefore) return there.batch;
      const batch = make(after);
      signed.delete(after);
      const [oldest] = signed.keys();
      if (signed.size >= MAX_SIGNED && oldest !== undefined) signed.delete(oldest);
      signed.set(after, { beat: known?.beat ?? 0, batch });
      batch.catch(() => {
        if (signed.get(after)?.batch === batch) signed.delete(after);
      });
      return batch;
    },
    tick: () => signed.clear(),
    async renew() {
      const { epoch, head } = required();
      ctx.log.warn('revocations.renewed', { head });
      await ctx.store.renewRevocationEpoch(ctx.tenant, epoch, ctx.random.text(16));
      await look();
    },
    onChange(act) {
      changed.add(act);
      return () => changed.delete(act);
    },
  };
}
