import type { Context } from '../context.ts';
import type { Aim } from '../interaction/aim.ts';
import { csrfToken } from '../interaction/csrf.ts';
import type { Locale } from '../interaction/pages/messages/locale.ts';
import type { UpstreamButtonsView } from '../interaction/pages/upstream-buttons.ts';
import { canCarry } from './attempt.ts';
import { redirectUpstreams } from './protocols.ts';
import { BUTTONS_PAGE, UPSTREAM_PATH } from './start.ts';
import { letterOf, titleOf } from './title.ts';

/** The buttons of a page that somebody signs in on, for the same aim; none for a request that cannot be carried there, and a word why. */
export function buttonsFor(ctx: Context, browserId: string, aim: Aim, locale: Locale): UpstreamButtonsView {
  const { text, next, fresh } = aim;
  const all = redirectUpstreams(ctx);
  const isTooLong = all.some(({ name }) => !canCarry(ctx, browserId, name, aim));
  return {
    isTooLong,
    form: {
      action: UPSTREAM_PATH,
      csrf: csrfToken(ctx, browserId, BUTTONS_PAGE),
      request: text ?? '',
      ...(next === 'account' ? {} : { next }),
      ...(fresh === true ? { more: [['fresh', '1'] as const] } : {}),
    },
    upstreams: (isTooLong ? [] : all).map((upstream) => ({
      name: upstream.name,
      title: titleOf(upstream, locale),
      letter: letterOf(upstream, locale),
      action: `${UPSTREAM_PATH}/${upstream.name}`,
    })),
  };
}
