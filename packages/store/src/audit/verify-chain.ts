import { equalText } from '@hufu/protocol/equal-text';
import type { SealedEntry } from '../port/audit.ts';
import { canonicalEntry, chainHash } from './chain.ts';
import { SeenIds } from './seen-ids.ts';

/**
 * What is wrong with a chain, and where. `missing`: numbers that are not there. `altered`: what it says is not what was sealed. `swapped`, `inserted`: it stands where another one was.
 * `broken`: it does not follow the one before. `mac`: it was not written by a server of this master key. `repeated`: an older one once more. `checkpoint`: a checkpoint says another hash. `signature`: a
 * checkpoint is not signed as it should be. `tail`: a checkpoint is of more than there is. `head`: the store's own head is not the end.
 */
export type FaultKind =
  | 'missing'
  | 'altered'
  | 'swapped'
  | 'inserted'
  | 'broken'
  | 'mac'
  | 'repeated'
  | 'checkpoint'
  | 'signature'
  | 'tail'
  | 'head'
  | 'unreadable';

export interface Fault {
  readonly seq: number;
  readonly kind: FaultKind;
  readonly detail: string;
}

/** What is known of a number from elsewhere: a checkpoint, whose signature has been looked at, or what somebody wrote down. */
export interface KnownHash {
  readonly seq: number;
  readonly hash: string;
}

export interface Verdict {
  readonly entries: number;
  readonly from: number;
  readonly to: number;
  /** The last number that something known agrees with. */
  readonly vouchedTo: number;
  /** In the order of their numbers, at most `MAX_FAULTS`. */
  readonly faults: readonly Fault[];
}

/**
 * Takes the entries of a chain one by one, in the order of their numbers, each with the checkpoints of it behind it, and says what is wrong. It holds little, however long the chain.
 */
export class ChainVerifier {
  readonly #tenant: number;
  readonly #mac: ((text: string) => string) | undefined;
  readonly #given: ReadonlyMap<number, readonly KnownHash[]>;
  /** Checkpoints of entries that had not come when they did. */
  readonly #early: KnownHash[] = [];
  readonly #faults: Fault[] = [];
  /** Entries that do not fit, with what they should have come after. */
  readonly #misfits: { readonly entry: SealedEntry; readonly previous: string }[] = [];
  readonly #missing = new Set<number>();
  readonly #ids = new SeenIds();
  #hash: string;
  #seq: number;
  readonly #from: number;
  #count = 0;
  #vouchedTo: number;

  /**
   * @param after the number and hash that the first entry comes after
   * @param mac where the master key is there: what signs an entry
   * @param given what somebody wrote down elsewhere
   */
  constructor(
    tenant: number,
    after: KnownHash,
    { mac, given = [] }: { readonly mac?: ((text: string) => string) | undefined; readonly given?: readonly KnownHash[] },
  ) {
    this.#tenant = tenant;
    this.#mac = mac;
    this.#given = Map.groupBy(given, ({ seq }) => seq);
    this.#hash = after.hash;
    this.#seq = after.seq;
    this.#from = after.seq + 1;
    this.#vouchedTo = after.seq;
    // What is handed in is held against something, or it is told that it was not.
    for (const { seq } of given)
      if (seq < after.seq)
        this.#fault(seq, 'checkpoint', `what is known is of ${seq}, and this begins after ${after.seq}: it is held against nothing`);
    this.#agreeGiven();
  }

  add(entry: SealedEntry): void {
    this.#count += 1;
    const expected = this.#seq + 1;
    if (entry.seq < expected) return this.#late(entry);
    // What was left out is named, and the chain goes on after it as it says itself.
    const isGap = entry.seq > expected;
    const text = canonicalEntry(this.#tenant, entry);
    if (isGap) {
      const room = Math.min(MAX_FAULTS, MAX_MISSING - this.#missing.size);
      for (let seq = expected; seq < Math.min(entry.seq, expected + room); seq += 1) this.#missing.add(seq);
      this.#fault(expected, 'missing', expected === entry.seq - 1 ? 'it is not there' : `up to ${entry.seq - 1} nothing is there`);
    } else if (!equalText(chainHash(this.#hash, this.#tenant, entry, text), entry.hash)) {
      if (this.#misfits.length < MAX_FAULTS) this.#misfits.push({ entry, previous: this.#hash });
    }
    this.#check(entry, text);
    this.#seq = entry.seq;
    this.#hash = entry.hash;
    this.#agreeGiven();
  }

  /** A checkpoint whose signature is right: comes behind the entry that it is of. */
  addCheckpoint(point: KnownHash): void {
    if (point.seq === this.#seq) this.#agree(point, 'its checkpoint');
    else if (this.#early.length < MAX_FAULTS) this.#early.push(point);
    else this.#fault(point.seq, 'checkpoint', 'its checkpoint does not stand behind it');
  }

  /** @param head what the store itself took for the end before the first was read */
  end(head?: { readonly seq: number; readonly hash: string }): Verdict {
    this.#judgeMisfits();
    for (const { seq } of this.#early) {
      if (seq > this.#seq) this.#fault(this.#seq + 1, 'tail', `a checkpoint is of ${seq}, and the chain ends with ${this.#seq}`);
      else if (!this.#missing.has(seq)) this.#fault(seq, 'checkpoint', 'its checkpoint does not stand behind it');
    }
    for (const seq of this.#given.keys())
      if (seq > this.#seq) this.#fault(this.#seq + 1, 'tail', `a known checkpoint is of ${seq}, and the chain ends with ${this.#seq}`);
    // More may have been sealed since it was read.
    if (head !== undefined && (head.seq > this.#seq || (head.seq === this.#seq && !equalText(head.hash, this.#hash))))
      this.#fault(this.#seq + 1, 'head', `the store's head is ${head.seq}, and the chain ends with ${this.#seq}`);
    return {
      entries: this.#count,
      from: this.#from,
      to: this.#seq,
      vouchedTo: this.#vouchedTo,
      faults: this.#faults.toSorted((one, other) => one.seq - other.seq).slice(0, MAX_FAULTS),
    };
  }

  #late(entry: SealedEntry): void {
    if (this.#missing.delete(entry.seq)) {
      const index = this.#faults.findIndex(({ kind, seq }) => kind === 'missing' && seq <= entry.seq);
      if (index >= 0) this.#faults.splice(index, 1);
      this.#fault(entry.seq, 'swapped', `it stands after ${this.#seq}`);
    } else this.#fault(entry.seq, 'inserted', 'there are two of this number');
  }

  #check(entry: SealedEntry, text: string): void {
    if (this.#mac !== undefined && !equalText(this.#mac(text), entry.mac))
      this.#fault(entry.seq, 'mac', 'no server of this master key has written it so');
    if (this.#ids.add(entry.id)) this.#fault(entry.seq, 'repeated', 'it is an older entry once more');
  }

  #agreeGiven(): void {
    for (const known of this.#given.get(this.#seq) ?? []) this.#agree(known, 'what is known');
  }

  #agree({ seq, hash }: KnownHash, who: string): void {
    if (equalText(hash, this.#hash)) this.#vouchedTo = seq;
    else this.#fault(seq, 'checkpoint', `${who} says another hash: something up to here is not what it was`);
  }

  #judgeMisfits(): void {
    const told = new Set<number>();
    for (const { entry, previous } of this.#misfits) {
      if (told.has(entry.seq)) continue;
      const at = (other: SealedEntry): string => chainHash(previous, this.#tenant, { ...other, seq: entry.seq });
      const fits = (other: SealedEntry): boolean => other !== entry && [other.hash, entry.hash].includes(at(other));
      const owner = this.#misfits.find((other) => fits(other.entry))?.entry;
      if (owner !== undefined && owner.seq === entry.seq + 1 && !this.#follows(entry, owner)) {
        this.#fault(entry.seq, 'inserted', `the one that belongs here is ${owner.seq}`);
        // All after it have moved on by one.
        return;
      }
      if (owner !== undefined) {
        this.#fault(entry.seq, 'swapped', `what belongs here is ${owner.seq}`);
        for (const seq of [entry.seq + 1, owner.seq, owner.seq + 1]) told.add(seq);
        continue;
      }
      const isOwn = this.#mac !== undefined && equalText(this.#mac(canonicalEntry(this.#tenant, entry)), entry.mac);
      if (isOwn) this.#fault(entry.seq, 'broken', 'what it says is right, and it does not follow the one before');
      else this.#fault(entry.seq, 'altered', 'what it says is not what was sealed');
    }
  }

  /** Whether `entry` is what came after `first`. */
  #follows(entry: SealedEntry, first: SealedEntry): boolean {
    return equalText(chainHash(first.hash, this.#tenant, { ...entry, seq: first.seq }), entry.hash);
  }

  #fault(seq: number, kind: FaultKind, detail: string): void {
    if (this.#faults.length < 2 * MAX_FAULTS) this.#faults.push({ seq, kind, detail });
  }
}

export const MAX_FAULTS = 100;
/** Numbers that are remembered as missing, for those that come late. */
const MAX_MISSING = 10_000;
