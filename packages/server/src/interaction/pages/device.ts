import { requirePath } from './href.ts';
import { attributes, html } from './html.ts';
import { layout } from './layout.ts';
import { messagesFor } from './messages/locale.ts';
import type { PageView } from './page-view.ts';

export interface DeviceView extends PageView {
  /** A path on our own origin. */
  readonly action: string;
  /** Bound to this browser and session. */
  readonly csrf: string;
  /** What was typed, or came in the address of the page. */
  readonly userCode: string;
  readonly problem?: { readonly kind: 'wrong_code' } | { readonly kind: 'slowed_down'; readonly retryAfterSeconds: number };
}

const MAX_TYPED = 64;

/** Where the code of a device is typed (RFC 8628 §3.3). It posts `user_code` with `csrf`. */
export function devicePage(view: DeviceView): string {
  const messages = messagesFor(view.locale);
  const words = messages.device;
  const { problem } = view;
  const text = problem && (problem.kind === 'wrong_code' ? words.wrongCode : words.slowedDown(problem.retryAfterSeconds));
  const field = {
    required: true,
    autofocus: true,
    'aria-invalid': problem?.kind === 'wrong_code' ? 'true' : undefined,
    ...(text === undefined ? {} : { 'aria-describedby': 'problem' }),
  };
  const main = html`<h1>${words.heading}</h1>
<p class="lead">${words.explain}</p>
<hr class="seam">
<form id="device" method="post" action="${requirePath(view.action)}">
<input type="hidden" name="csrf" value="${view.csrf}">
${text !== undefined && html`<p class="problem" id="problem" role="alert">${text}</p>`}
<label for="user_code">${words.code}</label>
<input type="text" class="code" id="user_code" name="user_code" value="${view.userCode.slice(0, MAX_TYPED)}" maxlength="${MAX_TYPED}" autocomplete="off" autocapitalize="characters" spellcheck="false" ${attributes(field)}>
<div class="acts stack">
<button type="submit" id="device-submit" class="primary">${words.submit}</button>
</div>
</form>`;
  return layout(view, { page: 'device', title: text === undefined ? words.heading : `${words.titleProblem} · ${words.heading}`, main });
}
