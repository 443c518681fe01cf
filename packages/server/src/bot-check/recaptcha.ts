import { html } from '../interaction/pages/html.ts';
import { widgetPanel } from '../interaction/pages/parts/bot-panels.ts';
import type { BotProvider } from './provider.ts';
import { siteverify } from './siteverify.ts';

/** The name that is reached from everywhere, mainland China too. */
const ORIGIN = 'https://www.recaptcha.net';
const SCRIPT = html`<script src="https://www.recaptcha.net/recaptcha/api.js" async defer></script>`;
/** Where its script loads the rest from. */
const PARTS = 'https://www.gstatic.cn';

/** Google's reCAPTCHA v2 with its box (https://developers.google.com/recaptcha/docs/display). An answer is good for one time; the service sees to that. */
export const recaptcha: BotProvider<'recaptcha'> = {
  panel: (_ctx, { siteKey }, purpose, locale) => ({
    html: widgetPanel({ script: SCRIPT, className: 'g-recaptcha', siteKey, action: purpose }, locale),
    headers: { foreignScripts: [ORIGIN, PARTS, 'https://www.gstatic.com'], frames: [ORIGIN] },
  }),
  judge: (ctx, { secret, verifyUrl }, http, form) =>
    siteverify(ctx, http, verifyUrl ?? `${ORIGIN}/recaptcha/api/siteverify`, secret.reveal(), form.get('g-recaptcha-response') ?? ''),
};
