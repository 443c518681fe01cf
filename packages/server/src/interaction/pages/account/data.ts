import { type AccountPageView, accountLayout } from '../account-layout.ts';
import { displayText } from '../display-text.ts';
import { requirePath } from '../href.ts';
import { html } from '../html.ts';
import { layout } from '../layout.ts';
import { messagesFor } from '../messages/locale.ts';
import type { PageView } from '../page-view.ts';
import { actForm, acts, linkButton, submitButton } from '../parts/buttons.ts';
import { card } from '../parts/card.ts';
import { field } from '../parts/fields.ts';
import { type OutcomeView, outcomeNotice } from './outcome.ts';

export interface DataView extends AccountPageView {
  readonly csrf: string;
  readonly outcome: OutcomeView | undefined;
  /** An administrator made the account, and only they remove it. */
  readonly isManaged: boolean;
}

/** What the server knows about somebody: to take along or to delete. It posts `csrf` for the file. */
export function dataPage(view: DataView): string {
  const messages = messagesFor(view.locale);
  const words = messages.account.data;
  const download = actForm({
    action: view.hrefOf('/account/data'),
    csrf: view.csrf,
    fields: {},
    id: 'export',
    button: { label: words.exportButton, id: 'export-submit' },
  });
  const remove = view.isManaged
    ? html`<p id="managed">${words.managed}</p>`
    : html`<div class="acts">${linkButton({ label: words.deleteButton, href: view.hrefOf('/account/data/delete'), id: 'delete-account' })}</div>`;
  const main = html`${outcomeNotice(view.outcome, messages)}
${card({ heading: words.exportHeading, lead: words.exportLead, body: html`<div class="acts">${download}</div>` })}
${card({ heading: words.deleteHeading, lead: words.deleteLead, body: remove, kind: 'destroy' })}`;
  return accountLayout(view, { page: 'account-data', side: 'data', title: messages.account.sides.data, lead: words.lead, main });
}

export interface DeleteView extends AccountPageView {
  readonly csrf: string;
  /** What was typed was not the user name. */
  readonly isWrong: boolean;
}

/** Asks once more. It posts `username` with `csrf`. */
export function deletePage(view: DeleteView): string {
  const messages = messagesFor(view.locale);
  const words = messages.account.data;
  const form = html`<ul class="losses">${words.confirmLosses.map(
    (loss) => html`<li>${loss}</li>
`,
  )}</ul>
<form id="delete" method="post" action="${requirePath(view.hrefOf('/account/data/delete'))}">
<input type="hidden" name="csrf" value="${view.csrf}">
${field({
  name: 'username',
  label: words.username,
  hint: words.confirmType(html`<strong><bdi>${displayText(view.user.username, 64)}</bdi></strong>`),
  problem: view.isWrong ? words.mismatch : undefined,
  input: { type: 'text', required: true, autocomplete: 'off', autocapitalize: 'none', spellcheck: 'false', autofocus: view.isWrong },
})}
${acts([submitButton({ label: words.confirmButton, kind: 'destroy', id: 'delete-submit' }), linkButton({ label: messages.account.cancel, href: view.hrefOf('/account/data'), kind: 'quiet' })])}
</form>`;
  const heading = words.confirmHeading;
  const title = view.isWrong ? `${messages.account.notDoneTitle} · ${heading}` : heading;
  const main = html`<section class="card">${form}</section>`;
  return accountLayout(view, { page: 'account-delete', side: 'data', title, heading, main, isBelow: true });
}

/** There is no account any more, and so no navigation. */
export function deletedPage(view: PageView): string {
  const words = messagesFor(view.locale).account.data;
  const main = html`<h1>${words.deleted}</h1>
<p role="status">${words.deletedNow}</p>`;
  return layout(view, { page: 'account-deleted', title: words.deleted, main });
}
