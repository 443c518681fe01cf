import { type ClientView, clientLinks, clientPlate } from './client-view.ts';
import { type ConsentView, permissions, type UserView, userName } from './consent.ts';
import { displayText } from './display-text.ts';
import { requirePath } from './href.ts';
import { html } from './html.ts';
import { layout } from './layout.ts';
import { messagesFor } from './messages/locale.ts';
import type { PageView } from './page-view.ts';

export interface DeviceConfirmView extends PageView, Pick<ConsentView, 'identity' | 'apis' | 'offlineAccess'> {
  readonly action: string;
  /** Bound to this browser, session and request. */
  readonly csrf: string;
  /** As the device shows it. */
  readonly userCode: string;
  /** Proves that this session has typed the code. */
  readonly entry: string;
  readonly client: ClientView;
  readonly user: UserView;
  /** Where the device asked from. */
  readonly address: string;
  /** '' where it did not say. */
  readonly userAgent: string;
  /** `2026-11-21 08:00:00 UTC`. */
  readonly askedAt: string;
  readonly askedAgoSeconds: number;
}

const MAX_AGENT = 120;
const MAX_ADDRESS = 60;

/** Who asks for what, from where and when, and the warning of RFC 8628 §5.4. It posts `decision` = `allow` | `deny` with the hidden fields. */
export function deviceConfirmPage(view: DeviceConfirmView): string {
  const messages = messagesFor(view.locale);
  const words = messages.device;
  const main = html`<h1>${words.confirmHeading}</h1>
${clientPlate(view.client, messages)}
<p>${words.asks(userName(view.user, messages))}</p>
<p class="problem" id="device-warning">${words.warning}</p>
<p>${words.compare}</p>
<p class="device-code"><strong>${view.userCode}</strong></p>
<hr class="seam">
${permissions(view, messages)}
<dl class="facts">
<div><dt>${words.askedFrom}</dt><dd><bdi>${displayText(view.address, MAX_ADDRESS)}</bdi></dd></div>
<div><dt>${words.askedBy}</dt><dd><bdi>${displayText(view.userAgent, MAX_AGENT) || words.unknownAgent}</bdi></dd></div>
<div><dt>${words.askedAt}</dt><dd>${words.ago(view.askedAgoSeconds)}${messages.aside(html`${view.askedAt}`)}</dd></div>
<div><dt>${messages.consent.lasts}</dt><dd>${messages.consent.untilTakenBack}</dd></div>
</dl>
<form id="device" method="post" action="${requirePath(view.action)}">
<input type="hidden" name="csrf" value="${view.csrf}">
<input type="hidden" name="user_code" value="${view.userCode}">
<input type="hidden" name="entry" value="${view.entry}">
<div class="acts">
<button type="submit" id="device-allow" name="decision" value="allow" class="primary">${words.allow}</button>
<button type="submit" id="device-deny" name="decision" value="deny">${words.deny}</button>
</div>
</form>
${clientLinks(view.client, messages)}`;
  return layout(view, { page: 'device-confirm', title: words.confirmHeading, main, width: 'wide' });
}

export interface DeviceDoneView extends PageView {
  readonly outcome: 'allowed' | 'denied' | 'gone';
  readonly clientName: string;
}

/** What became of it. */
export function deviceDonePage(view: DeviceDoneView): string {
  const words = messagesFor(view.locale).device;
  const [heading, now] = {
    allowed: [words.allowed, words.allowedNow(displayText(view.clientName, 60))] as const,
    denied: [words.denied, words.deniedNow] as const,
    gone: [words.gone, words.goneNow] as const,
  }[view.outcome];
  const main = html`<h1>${heading}</h1>
<p role="status" id="device-outcome">${now}</p>`;
  return layout(view, { page: 'device-done', title: heading, main });
}
