import {
  type Store,
  StoreUnavailable,
  type TakenWebhook,
  type WebhookDelivery,
  type WebhookEnd,
  type WebhookRecord,
  type WebhookSettlement,
} from '@hufu/store/port';
import { monotonicMs } from '../clock.ts';
import type { Context } from '../context.ts';
import { workOff } from '../jobs/work-off.ts';
import { type Attempt, attemptMessage } from './attempt.ts';
import { CURSOR_LAG, findNext, type Next, type Pages } from './find-next.ts';
import { eventOf, isGenuine, messageId } from './message.ts';
import { afterAltered, afterDelivered, afterFailed, passedTo, type Step, type Tried } from './progress.ts';

/** One lease sends for so long, then it is others' turn. */
const TURN_MS = 15_000;
/** As `workOff` leases, from each settlement on. */
const LEASE_SECONDS = 30;
/** No request begins later after it was last settled: with the time that one may take, it has ended before the lease does. */
const BEGIN_WITHIN_MS = 10_000;
/** So often what came of a request is judged anew because somebody has changed the webhook meanwhile; then the event comes again. */
const MAX_JUDGED = 5;
/** Webhooks whose place in memory is kept. */
const MAX_SEEN = 1_000;

/** What makes the job of a process look now. */
const wakers = new WeakMap<Context, () => void>();

/** Says that somebody has asked for something here. */
export function wakeWebhooks(ctx: Context): void {
  wakers.get(ctx)?.();
}

/**
 * Sends entries of the sealed audit log to webhooks for as long as the process runs: in their order, one at a time for a webhook, at least once. Nobody waits for it.
 *
 * @param passedMs of this process's own clock, which tests move by hand
 * @returns what stops it, see `WorkingOff`.
 */
export function startWebhooks(ctx: Context, passedMs: () => number = monotonicMs): () => Promise<void> {
  const seen = new Seen();
  let isStopping = false;
  let last = '';

  /** Those that have something to send, beginning after the one that was last taken. */
  async function take(limit: number, leaseSeconds: number, now: number): Promise<readonly TakenWebhook[]> {
    const due = await ctx.store.dueWebhooks(ctx.tenant, now);
    const at = due.findIndex(({ webhook }) => webhook.id > last);
    const inTurn = at < 0 ? due : [...due.slice(at), ...due.slice(0, at)];
    const pages: Pages = new Map();
    const taken: TakenWebhook[] = [];
    for (const { webhook, isAsked, end } of inTurn) {
      if (taken.length >= limit || isStopping) break;
      if (!isAsked && !(await hasWork(webhook, end, pages))) continue;
      const one = await ctx.store.takeWebhook(ctx.tenant, webhook.id, leaseSeconds, now);
      if (one === undefined) continue;
      taken.push(one);
      last = webhook.id;
    }
    return taken;
  }

  async function hasWork(webhook: WebhookRecord, end: number, pages: Pages): Promise<boolean> {
    const next = await findNext(ctx, webhook, seen.of(webhook, end), pages);
    if (next.kind !== 'nothing') return true;
    seen.note(webhook, next.to);
    return next.to - webhook.cursorSeq >= CURSOR_LAG;
  }

  const job = workOff<TakenWebhook>(ctx, {
    names: { take: 'take webhooks', act: 'send to a webhook' },
    take,
    act: (taken, isStopped) => new Turn(ctx, taken, passedMs, () => isStopping || isStopped()).run(),
  });
  wakers.set(ctx, job.wake);
  return async () => {
    isStopping = true;
    wakers.delete(ctx);
    await job.stop();
  };
}

/** Up to where this process has looked for a webhook in vain. */
class Seen {
  readonly #seqs = new Map<string, { readonly version: number; readonly seq: number }>();

  /** @param end of the log: it may have been cut off since */
  of({ id, version, cursorSeq }: WebhookRecord, end: number): number {
    const seen = this.#seqs.get(id);
    return seen?.version === version && seen.seq <= end ? Math.max(cursorSeq, seen.seq) : cursorSeq;
  }

  note({ id, version }: WebhookRecord, seq: number): void {
    if (this.#seqs.size >= MAX_SEEN) this.#seqs.clear();
    this.#seqs.set(id, { version, seq });
  }
}

/** What one lease of a webhook comes to. */
class Turn {
  readonly #ctx: Context;
  readonly #taken: TakenWebhook;
  readonly #passedMs: () => number;
  readonly #isStopped: () => boolean;
  readonly #begunMs: number;
  #keptMs: number;
  /** As it is now; undefined once it is somebody else's, or nobody's. */
  #webhook: WebhookRecord | undefined;

  constructor(ctx: Context, taken: TakenWebhook, passedMs: () => number, isStopped: () => boolean) {
    this.#ctx = ctx;
    this.#taken = taken;
    this.#webhook = taken.webhook;
    this.#passedMs = passedMs;
    this.#isStopped = isStopped;
    this.#begunMs = passedMs();
    this.#keptMs = this.#begunMs;
  }

  async run(): Promise<void> {
    for (const delivery of this.#taken.redeliveries) {
      if (this.#mayBegin() === undefined) break;
      await this.#sendAgain(delivery);
    }
    for (let webhook = this.#mayBegin(); webhook !== undefined && webhook.dueAt <= this.#now(); webhook = this.#mayBegin()) {
      const next = await findNext(this.#ctx, webhook, webhook.cursorSeq);
      if (next.kind === 'nothing' && next.to === webhook.cursorSeq) break;
      await this.#follow(webhook, next);
    }
    if (this.#webhook !== undefined) await this.#settle({ version: 0 }, 'give back');
  }

  /** The webhook, where there is time to send once more. */
  #mayBegin(): WebhookRecord | undefined {
    const ms = this.#passedMs();
    const isTime = ms - this.#begunMs < TURN_MS && ms - this.#keptMs < BEGIN_WITHIN_MS && !this.#isStopped();
    return isTime && this.#webhook?.enabled === true ? this.#webhook : undefined;
  }

  async #follow(webhook: WebhookRecord, next: Next): Promise<void> {
    if (next.kind === 'cut') {
      this.#ctx.log.error('audit.tampered', new Error('the log ends before what a webhook was sent'), { seq: next.end });
      await this.#settle({ version: webhook.version, progress: passedTo(webhook, next.end) }, 'keep');
      return;
    }
    if (next.kind === 'nothing') {
      await this.#settle({ version: webhook.version, progress: passedTo(webhook, next.to) }, 'keep');
      return;
    }
    const { entry } = next;
    const tried = { seq: entry.seq, messageId: messageId(entry), action: entry.action };
    if (!isGenuine(this.#ctx, entry)) {
      this.#ctx.log.error('audit.tampered', new Error('an entry is not as a server has written it'), { seq: entry.seq });
      await this.#keep(webhook, (there) => afterAltered(there, tried, this.#now()), tried);
      return;
    }
    // Reading may have taken long.
    if (this.#mayBegin() === undefined) return;
    const attempt = await this.#attempt(webhook, entry);
    const now = this.#now();
    const judge = (there: WebhookRecord): Step =>
      attempt.kind === 'delivered' ? afterDelivered(there, tried, now) : afterFailed(there, tried, attempt, now, this.#chance());
    await this.#keep(webhook, judge, tried);
  }

  /** What somebody wants once more: once, whatever comes of it. */
  async #sendAgain(delivery: WebhookDelivery): Promise<void> {
    const { seq } = delivery;
    const [entry] = await this.#ctx.store.readAudit(this.#ctx.tenant, seq - 1, 1);
    const webhook = this.#mayBegin();
    if (webhook === undefined) return;
    const { version } = webhook;
    const at = this.#now();
    // Also one that is not there any more, or another one of the same number.
    if (entry?.seq !== seq || messageId(entry) !== delivery.messageId || !isGenuine(this.#ctx, entry)) {
      await this.#settle({ version, delivery: { ...delivery, state: 'dead', reason: 'altered', at } }, 'keep');
      return;
    }
    const attempt = await this.#attempt(webhook, entry);
    const attempts = delivery.attempts + 1;
    const now = this.#now();
    const done: WebhookDelivery =
      attempt.kind === 'delivered'
        ? { ...delivery, state: 'delivered', attempts, reason: undefined, at: now }
        : { ...delivery, state: 'dead', attempts, reason: attempt.reason, at: now };
    await this.#settle({ version, delivery: done }, 'keep');
    this.#tell(done);
  }

  async #attempt(webhook: WebhookRecord, entry: Parameters<typeof eventOf>[1]): Promise<Attempt> {
    try {
      return await attemptMessage(this.#ctx, webhook, eventOf(this.#ctx, entry));
    } catch (error) {
      if (error instanceof StoreUnavailable) throw error;
      // Ours to mend; whoever comes after it must not wait for that.
      this.#ctx.log.error('job.failed', error, { job: 'send to a webhook' });
      return { kind: 'failed', reason: 'unreachable', patience: 'long' };
    }
  }

  /** By the webhook that was sent for; where somebody has changed it meanwhile, as by having it enabled again, by what it is now. */
  async #keep(sentFor: WebhookRecord, judge: (there: WebhookRecord) => Step, { seq }: Tried): Promise<void> {
    let there = sentFor;
    for (let judged = 0; judged < MAX_JUDGED; judged += 1) {
      const { progress, delivery, end } = judge(there);
      const kept = await this.#settle({ version: there.version, progress, delivery }, 'keep');
      if (kept.kind !== 'changed') {
        this.#tell(delivery);
        // What was asked for before a change ends nothing after it: the next request does.
        if (kept.kind === 'kept' && end !== undefined && there === sentFor) await this.#end(kept.webhook, end, seq);
        return;
      }
      there = kept.webhook;
    }
    this.#webhook = undefined;
  }

  async #end(webhook: WebhookRecord, end: WebhookEnd, seq: number): Promise<void> {
    const { store, tenant, log } = this.#ctx;
    const off = { ...webhook, enabled: false, endedBy: end };
    const ended = await store.changeWebhook(tenant, webhook.id, off, webhook.version, this.#now(), 0);
    if (ended.kind !== 'done') return;
    this.#webhook = ended.webhook;
    log.warn('webhook.disabled', { webhook: webhook.id, reason: end, seq });
  }

  async #settle(settlement: Omit<WebhookSettlement, 'leasedUntil'>, lease: 'keep' | 'give back'): ReturnType<Store['settleWebhook']> {
    const { store, tenant } = this.#ctx;
    const leasedUntil = this.#now() + (lease === 'keep' ? LEASE_SECONDS : 0);
    const kept = await store.settleWebhook(tenant, this.#taken.webhook.id, this.#taken.lease, { ...settlement, leasedUntil });
    this.#keptMs = this.#passedMs();
    this.#webhook = kept.kind === 'lost' ? undefined : kept.webhook;
    return kept;
  }

  #tell({ seq, action, state, attempts, reason }: WebhookDelivery): void {
    const about = { webhook: this.#taken.webhook.id, seq, action, attempts };
    if (state === 'delivered') this.#ctx.log.info('webhook.delivered', about);
    else if (state === 'dead') this.#ctx.log.warn('webhook.dead', { ...about, reason: reason ?? '' });
    else this.#ctx.log.info('webhook.failed', { ...about, reason: reason ?? '' });
  }

  #now(): number {
    return Math.floor(this.#ctx.clock.nowMs() / 1000);
  }

  #chance(): number {
    return Buffer.from(this.#ctx.random.text(4), 'base64url').readUIntBE(0, 3) / 2 ** 24;
  }
}
