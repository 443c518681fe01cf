import { html } from '../interaction/pages/html.ts';
import { widgetPanel } from '../interaction/pages/parts/bot-panels.ts';
import type { BotProvider } from './provider.ts';
import { siteverify } from './siteverify.ts';

const ORIGIN = 'https://challenges.cloudflare.com';
const SCRIPT = html`<script src="https://challenges.cloudflare.com/turnstile/v0/api.js" async defer></script>`;

/** Cloudflare's Turnstile (https://developers.cloudflare.com/turnstile/). An answer is good for one time; the service sees to that. */
export const turnstile: BotProvider<'turnstile'> = {
  panel: (_ctx, { siteKey }, purpose, locale) => ({
    html: widgetPanel({ script: SCRIPT, className: 'cf-turnstile', siteKey, action: purpose }, locale),
    headers: { foreignScripts: [ORIGIN], frames: [ORIGIN] },
  }),
  judge: (ctx, { secret, verifyUrl }, http, form) =>
    siteverify(ctx, http, verifyUrl ?? `${ORIGIN}/turnstile/v0/siteverify`, secret.reveal(), form.get('cf-turnstile-response') ?? ''),
};
