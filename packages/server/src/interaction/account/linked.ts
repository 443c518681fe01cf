import type { IdentityRecord } from '@hufu/store/port';
import type { Context } from '../../context.ts';
import type { HttpReply, HttpRequest } from '../../http.ts';
import { redirectUpstreams } from '../../upstream/protocols.ts';
import { startLink } from '../../upstream/start.ts';
import { titleOf } from '../../upstream/title.ts';
import type { SecurityView } from '../pages/account/security.ts';
import type { Locale } from '../pages/messages/locale.ts';
import { messagesFor } from '../pages/messages/locale.ts';
import { actForm } from '../pages/parts/buttons.ts';
import { askAgain } from './recent.ts';
import { actOnAccount, type Visit } from './visit.ts';

/** What people call an upstream. */
export function upstreamName(ctx: Context, name: string, locale: Locale): string {
  return titleOf(ctx.config.upstreams.find((upstream) => upstream.name === name) ?? { name }, locale);
}

/** Upstreams that somebody could link, each with the form that begins it. */
export function linkableOf({ ctx, csrf, locale }: Visit, identities: readonly IdentityRecord[]): SecurityView['linkable'] {
  const words = messagesFor(locale).account.security;
  return redirectUpstreams(ctx)
    .filter(({ name }) => identities.every(({ upstream }) => upstream !== name))
    .map((upstream) => {
      const { name } = upstream;
      const button = { label: words.link(titleOf(upstream, locale)), id: `link-${name}` };
      return { name, form: actForm({ action: linkPath(name), csrf, fields: {}, button }) };
    });
}

/** Where the form of an upstream goes. */
export function linkPath(name: string): string {
  return `/account/security/link/${name}`;
}

/** Begins a link: from our own page, by somebody who has just signed in (attacks FED-04). */
export function linkPost(ctx: Context, http: HttpRequest, name: string): Promise<HttpReply> {
  return actOnAccount(ctx, http, 'security', async (visit) => (await askAgain(visit)) ?? (await startLink(ctx, http, visit.session, name)));
}
