import type { SealedEntry, WebhookRecord } from '@hufu/store/port';
import type { Context } from '../context.ts';
import { wantsAction } from './wants.ts';

/** Rows that are read at a time. */
const PAGE = 200;
/** A cursor follows what nobody wants after so many entries: it need not be written for each. */
export const CURSOR_LAG = 1_000;

/** What stands before a webhook in the log: something to send, nothing up to there, or less than it has had. */
export type Next =
  | { readonly kind: 'entry'; readonly entry: SealedEntry }
  | { readonly kind: 'nothing'; readonly to: number }
  | { readonly kind: 'cut'; readonly end: number };

/** Pages of the log that were read a moment ago: webhooks that have come to the same place share one. */
export type Pages = Map<number, Promise<readonly SealedEntry[]>>;

/** Looks at no more than `CURSOR_LAG` entries after `from`, where nothing up to `from` is wanted. */
export async function findNext(
  ctx: Pick<Context, 'store' | 'tenant'>,
  { actions, cursorSeq }: Pick<WebhookRecord, 'actions' | 'cursorSeq'>,
  from: number,
  pages: Pages = new Map(),
): Promise<Next> {
  let to = from;
  while (to - from < CURSOR_LAG) {
    let page = pages.get(to);
    if (page === undefined) pages.set(to, (page = ctx.store.readAudit(ctx.tenant, to, PAGE)));
    const entries = await page;
    const entry = entries.find(({ action }) => wantsAction(actions, action));
    if (entry !== undefined) return { kind: 'entry', entry };
    to = entries.at(-1)?.seq ?? to;
    if (entries.length < PAGE) break;
  }
  if (to > cursorSeq) return { kind: 'nothing', to };
  const { seq: end } = await ctx.store.readAuditHead(ctx.tenant);
  return end < cursorSeq ? { kind: 'cut', end } : { kind: 'nothing', to };
}
