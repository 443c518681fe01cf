import type { Html } from '../html.ts';
import type { Done, NotDone } from '../messages/account.ts';
import type { Messages } from '../messages/messages.ts';
import { notice } from '../parts/notice.ts';

/** What has just been done, or not. */
export type OutcomeView = { readonly kind: 'done'; readonly word: Done } | { readonly kind: 'not_done'; readonly word: NotDone };

/** Says it at the head of the page. */
export function outcomeNotice(outcome: OutcomeView | undefined, messages: Messages): Html | undefined {
  if (outcome === undefined) return undefined;
  const { done, notDone } = messages.account;
  return outcome.kind === 'done'
    ? notice('done', done[outcome.word], { id: 'account-done' })
    : notice('problem', notDone[outcome.word], { id: 'account-not-done' });
}
