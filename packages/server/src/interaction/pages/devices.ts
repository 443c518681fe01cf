import type { DeviceType } from '@hufu/store/port';
import { type UserView, userName } from './consent.ts';
import { displayText } from './display-text.ts';
import { hiddenFields } from './form.ts';
import { requirePath } from './href.ts';
import { attributes, type Html, html } from './html.ts';
import { layout } from './layout.ts';
import { messagesFor } from './messages/locale.ts';
import type { Messages } from './messages/messages.ts';
import type { FormView, PageView } from './page-view.ts';
import { acts, submitButton } from './parts/buttons.ts';
import { pictureOf } from './parts/marks.ts';
import { notice } from './parts/notice.ts';
import { ago, type Moment } from './parts/when.ts';

export interface DevicesView extends PageView {
  readonly form: FormView;
  readonly user: UserView;
  readonly moment: Moment;
  /**
   * `full`: there are as many devices as the tenant lets a user have. `full_at_client`: the same at one client. `elsewhere`: going on here takes the client's place
   * elsewhere.
   */
  readonly kind: 'full' | 'full_at_client' | 'elsewhere';
  /** As its users know it; for the two that are about one. */
  readonly clientName?: string;
  readonly devices: readonly DeviceChoice[];
  /** How many have to go. */
  readonly needed: number;
  readonly tooFew: boolean;
}

export interface DeviceChoice {
  /** What the form sends as `device`. */
  readonly value: string;
  readonly name: string;
  readonly type: DeviceType;
  readonly place: string | undefined;
  readonly seenAt: number;
  readonly isChosen: boolean;
}

/** Posts `device` (as many as are chosen) and `go`, or `cancel`. `#devices`, `input[name=device]`, `#devices-go` and `#devices-cancel` never change. */
export function devicesPage(view: DevicesView): string {
  const messages = messagesFor(view.locale);
  const words = messages.devices;
  const client = html`<strong><bdi>${displayText(view.clientName ?? '', 80)}</bdi></strong>`;
  const isQuestion = view.kind === 'elsewhere';
  const heading = isQuestion ? words.elsewhere : words.full;
  const lead = {
    full: html`<p>${words.fullLead(view.needed)}</p>`,
    full_at_client: html`<p>${words.fullAtClient(client)}</p><p>${words.fullAtClientLead(view.needed)}</p>`,
    elsewhere: html`<p>${words.elsewhereLead(client)}</p><p>${words.elsewhereMeaning}</p>`,
  }[view.kind];
  const go = isQuestion ? words.here : view.kind === 'full' ? words.signOut : words.signOutAtClient;
  const main = html`<h1>${heading}</h1>
<p class="lead">${words.account(userName(view.user, messages))}</p>
<hr class="seam">
${view.tooFew && notice('problem', words.tooFew(view.needed), { id: 'problem' })}
${lead}
<form id="devices" method="post" action="${requirePath(view.form.action)}">
${hiddenFields(view.form)}
<fieldset class="choices"><legend>${words.choose}</legend>
${view.devices.map((device, index) => choice(device, index, isQuestion, view, messages))}</fieldset>
${acts(
  [
    submitButton({ label: go, kind: 'primary', id: 'devices-go', name: 'go', value: 'go' }),
    submitButton({ label: words.cancel, kind: 'quiet', id: 'devices-cancel', name: 'cancel', value: 'cancel', unchecked: true }),
  ],
  'stack',
)}
</form>`;
  return layout(view, { page: 'devices', title: view.tooFew ? `${words.titleProblem} · ${heading}` : heading, main });
}

function choice(device: DeviceChoice, index: number, isQuestion: boolean, view: DevicesView, messages: Messages): Html {
  const words = messages.devices;
  const id = `device-${index}`;
  const name = displayText(device.name, 64) || words.unnamed;
  const place = displayText(device.place ?? '', 64);
  const about = html`${place !== '' && html`<bdi>${place}</bdi> · `}${words.lastUsed(ago(device.seenAt, view.moment, messages))}`;
  const label = html`${pictureOf(device.type)} <bdi>${name}</bdi>`;
  if (isQuestion)
    return html`<div class="shown"><span>${label}</span><p class="hint">${about}</p></div>
`;
  const marks = { checked: device.isChosen, 'aria-describedby': `${id}-hint` };
  return html`<div class="check"><input type="checkbox" id="${id}" name="device" value="${device.value}" ${attributes(marks)}>
<label for="${id}">${label}</label><p class="hint" id="${id}-hint">${about}</p></div>
`;
}
