import { createHash } from 'node:crypto';
import { OAuthError } from '@hufu/protocol/errors';
import { StoreUnavailable } from '@hufu/store/port';
import { later, monotonicMs } from '../clock.ts';
import type { Context } from '../context.ts';
import { BuiltList } from './built-list.ts';
import { grantAt, PLACES } from './place.ts';
import { claimsOfList, LIST_TTL_SECONDS, type ListClaims, type ListForm, signList } from './sign-list.ts';

/** Lists in memory: a quarter of a megabyte each. */
const MAX_LISTS = 16;
/** Requests that wait for a list, and how long each does. */
const MAX_WAITING = 1_000;
const WAIT_MS = 5_000;
/** What was signed is shown for so long before the log is looked at again. */
const SHOWN_MS = 1_000;
/** Nobody tells when what rests goes on: a list with any of it is built anew so often, and not for more than so much of the time. */
const REBUILT_MS = 60_000;
const BUILDING_SHARE = 1 / 20;
/** A list that is further behind is built anew. */
const MAX_BEHIND = 50_000;

/** A Status List Token, ready to send. */
export interface SignedList {
  readonly body: string | Uint8Array;
  readonly etag: string;
  readonly issuedAt: number;
}

/** The status lists of a server: built when somebody asks, and then carried on by the revocation log. */
export interface StatusLists {
  /**
   * The list of that number, true of a moment in the last second, or (while the store is away) of one that is not older than its `ttl`. Undefined where no grant has
   * a place in it yet. Throws `temporarily_unavailable` where it cannot be had in time.
   */
  find(list: number, form: ListForm): Promise<SignedList | undefined>;
}

interface Kept {
  readonly built: BuiltList;
  /** Of the log that it goes by. */
  readonly epoch: string | undefined;
  /** When it was built, or when that was tried last. */
  triedMs: number;
  readonly tookMs: number;
  shown: Shown | undefined;
  updating: Promise<Shown | undefined> | undefined;
}

/** What a list says as of a moment, and what of it was asked for. */
interface Shown {
  readonly claims: ListClaims;
  /** By `monotonicMs`, when the reading of the log began. */
  readonly beganMs: number;
  readonly signed: Map<ListForm, Promise<SignedList>>;
}

/** @param progress what passes for time that no clock can stop. */
export function statusLists(ctx: Context, progress: () => number = monotonicMs): StatusLists {
  const lists = new Map<number, Kept>();
  let building: { readonly list: number; readonly done: Promise<Kept | undefined> } | undefined;
  let known = { lastOrder: -1, atMs: Number.NEGATIVE_INFINITY };
  let waiting = 0;

  function find(list: number, form: ListForm): Promise<SignedList | undefined> {
    const shown = touch(list)?.shown;
    return shown !== undefined && isShown(shown) ? signedOf(shown, form) : wait(list, form);
  }

  async function wait(list: number, form: ListForm): Promise<SignedList | undefined> {
    if (waiting >= MAX_WAITING) throw notYet('too many wait for status lists');
    waiting += 1;
    try {
      return await inTime(WAIT_MS, async (isOver) => {
        // Again where it cannot be carried on: it is built anew then.
        for (;;) {
          const kept = await keptList(list, isOver);
          if (kept === undefined) return undefined;
          const shown = await shownOf(list, kept);
          if (shown !== undefined) return await signedOf(shown, form);
        }
      });
    } finally {
      waiting -= 1;
    }
  }

  /** The one that was used longest ago falls. */
  function touch(list: number): Kept | undefined {
    const kept = lists.get(list);
    if (kept === undefined) return undefined;
    lists.delete(list);
    lists.set(list, kept);
    rebuildWhenDue(list, kept);
    return kept;
  }

  /** The list, built if nobody has; one is built at a time. */
  async function keptList(list: number, isOver: () => boolean): Promise<Kept | undefined> {
    for (;;) {
      const kept = touch(list);
      if (kept !== undefined) return kept;
      if (orderOf(list) > known.lastOrder && progress() - known.atMs < SHOWN_MS) return undefined;
      if (isOver()) throw notYet('the list is not built yet');
      const { list: theirs, done } = building ?? begin(list);
      if (theirs === list) return await done;
      // Whether it could be built is of whoever asked for it.
      await done.catch(() => undefined);
    }
  }

  function begin(list: number): NonNullable<typeof building> {
    const done = build(list).finally(() => {
      building = undefined;
    });
    building = { list, done };
    return building;
  }

  async function build(list: number): Promise<Kept | undefined> {
    const atMs = progress();
    const head = await ctx.store.statusHead(ctx.tenant);
    const order = orderOf(list);
    known = { lastOrder: head.lastGrant === 0 ? -1 : Math.floor(head.lastGrant / PLACES), atMs };
    if (order > known.lastOrder) return undefined;
    const built = await BuiltList.build(ctx, order, head, seconds());
    const kept: Kept = { built, epoch: head.epoch, triedMs: atMs, tookMs: progress() - atMs, shown: undefined, updating: undefined };
    lists.delete(list);
    lists.set(list, kept);
    for (const oldest of lists.keys()) if (lists.size > MAX_LISTS) lists.delete(oldest);
    return kept;
  }

  /** Beside the requests: what is there is true of everything that has ended. */
  function rebuildWhenDue(list: number, kept: Kept): void {
    const pause = Math.max(REBUILT_MS, kept.tookMs / BUILDING_SHARE);
    if (!kept.built.rests || building !== undefined || progress() - kept.triedMs < pause) return;
    kept.triedMs = progress();
    begin(list).done.catch((error: unknown) => {
      // Whoever asks is told of a store that is away, and the log by others.
      if (!(error instanceof StoreUnavailable)) ctx.log.error('job.failed', error, { job: 'build status list' });
    });
  }

  /** Undefined where it could not be carried on. */
  async function shownOf(list: number, kept: Kept): Promise<Shown | undefined> {
    const { shown } = kept;
    if (shown !== undefined && isShown(shown)) return shown;
    try {
      kept.updating ??= update(list, kept).finally(() => {
        kept.updating = undefined;
      });
      return await kept.updating;
    } catch (error) {
      if (shown === undefined || progress() - shown.beganMs >= LIST_TTL_SECONDS * 1_000 || !isWithin(shown, LIST_TTL_SECONDS)) throw error;
      return shown;
    }
  }

  /** `iat` is the moment before the head was read: everything that had ended then is in the list. */
  async function update(list: number, kept: Kept): Promise<Shown | undefined> {
    const [beganMs, issuedAt] = [progress(), seconds()];
    const { seq, epoch } = await ctx.store.statusHead(ctx.tenant);
    const { built } = kept;
    // A log that is behind the list, or has another name, is another database's: one that was restored.
    const isFar = epoch !== kept.epoch || seq < built.position || seq > built.position + MAX_BEHIND;
    if (isFar || !(await built.follow(seq, issuedAt))) {
      if (lists.get(list) === kept) lists.delete(list);
      return undefined;
    }
    const claims = await claimsOfList(ctx, list, built.bits, issuedAt);
    kept.shown = { claims, beganMs, signed: new Map() };
    return kept.shown;
  }

  function signedOf({ claims, signed }: Shown, form: ListForm): Promise<SignedList> {
    let made = signed.get(form);
    if (made === undefined) {
      made = sign(claims, form);
      signed.set(form, made);
    }
    return made;
  }

  async function sign(claims: ListClaims, form: ListForm): Promise<SignedList> {
    const body = await signList(ctx, claims, form, claims.issuedAt);
    const hash = createHash('sha256').update(body).digest('base64url').slice(0, 22);
    return { body, etag: `"${hash}"`, issuedAt: claims.issuedAt };
  }

  function orderOf(list: number): number {
    return Math.floor(grantAt(ctx, { list, index: 0 }) / PLACES);
  }

  function isShown(shown: Shown): boolean {
    return progress() - shown.beganMs < SHOWN_MS && isWithin(shown, 2);
  }

  function isWithin({ claims }: Shown, most: number): boolean {
    const age = seconds() - claims.issuedAt;
    return age >= 0 && age < most;
  }

  function seconds(): number {
    return Math.floor(ctx.clock.nowMs() / 1000);
  }

  return { find };
}

function notYet(detail: string): OAuthError {
  return new OAuthError('temporarily_unavailable', 'the status list is being made; try again', { detail, retryAfterSeconds: 1 });
}

/** What `act` answers, unless it takes too long. It goes on by itself as long as others may want what it makes. */
function inTime<T>(ms: number, act: (isOver: () => boolean) => Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    let isOver = false;
    const stop = later(ms, () => {
      isOver = true;
      reject(notYet(`not made in ${ms} milliseconds`));
    });
    act(() => isOver)
      .finally(stop)
      .then(resolve, reject);
  });
}
