import type { GrantId } from '@hufu/protocol/ids';
import type { Revocation, StatusHead } from '@hufu/store/port';
import type { Context } from '../context.ts';
import { markEnds, markTold, turn } from './grant-ends.ts';
import { PLACES, placeOf } from './place.ts';
import { type DeadStatus, StatusBits } from './status-bits.ts';

/** Rows, and entries of the log, between two turns of the event loop. */
const ROWS = 2_048;
const ENTRIES = 1_000;

/** The statuses of one list's grants, true up to an entry of the revocation log. */
export class BuiltList {
  readonly bits: StatusBits = new StatusBits();
  /** Whether something of it rests: nothing in the log says when it goes on. */
  rests = false;
  /** The list in the order of ids: not the number that it has outside. */
  readonly #order: number;
  readonly #ctx: Context;
  #position: number;

  private constructor(ctx: Context, order: number, position: number) {
    this.#ctx = ctx;
    this.#order = order;
    this.#position = position;
  }

  /**
   * From the rows of its grants, and of those whose rows have fallen from the log. True as of `head` or later: whatever ends meanwhile is in the log
   * after that, for `follow`.
   *
   * @param order ids from `order · 2^20` on
   * @param head read before
   */
  static async build(ctx: Context, order: number, head: StatusHead, now: number): Promise<BuiltList> {
    const list = new BuiltList(ctx, order, head.seq);
    const from = order * PLACES;
    const end = Math.min(from + PLACES, head.lastGrant + 1);
    for (let start = from; start < end; start += ROWS) {
      for (const { id, state } of await ctx.store.listStates(ctx.tenant, start, Math.min(start + ROWS, end), now)) list.#mark(id, state);
      await turn();
    }
    await list.#readLog(0, head.seq, async (entries) => markTold(entries, list.#mark));
    return list;
  }

  /** How far the log is in it. */
  get position(): number {
    return this.#position;
  }

  /** Applies the log up to `seq` at least. False where it has ended too much: then a new list is cheaper, and this one is of no use any more. */
  async follow(seq: number, now: number): Promise<boolean> {
    let isWhole = true;
    const read = await this.#readLog(this.#position, seq, async (entries) => {
      isWhole &&= await markEnds(this.#ctx, entries, this.#mark, now);
    });
    this.#position = Math.max(seq, read);
    return isWhole;
  }

  /** Answers the last number that was read. */
  async #readLog(after: number, until: number, apply: (entries: readonly Revocation[]) => Promise<void>): Promise<number> {
    let read = after;
    while (read < until) {
      const entries = await this.#ctx.store.readRevocations(this.#ctx.tenant, read, ENTRIES);
      await apply(entries);
      read = entries.at(-1)?.seq ?? until;
      if (entries.length < ENTRIES) break;
      await turn();
    }
    return read;
  }

  readonly #mark = (id: GrantId, status: DeadStatus): void => {
    if (Math.floor(id / PLACES) !== this.#order) return;
    this.bits.mark(placeOf(this.#ctx, id).index, status);
    if (status === 'suspended') this.rests = true;
  };
}
