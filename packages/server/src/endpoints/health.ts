import { brandOf } from '../appearance/brand.ts';
import type { Context } from '../context.ts';
import type { HttpReply, HttpRequest } from '../http.ts';
import { languageLinks, localeOf } from '../interaction/page-locale.ts';
import { pageHeaders } from '../interaction/pages/headers.ts';
import { homePage } from '../interaction/pages/home.ts';
import { json } from '../reply.ts';

/** The process is alive. Says nothing else: no version, no name. */
export function health(): HttpReply {
  return json(200, { status: 'ok' });
}

/** The process can serve: its store answers. */
export async function ready(ctx: Context): Promise<HttpReply> {
  try {
    await ctx.store.time();
    return json(200, { status: 'ready' });
  } catch (error) {
    ctx.log.error('store.unavailable', error, { path: '/readyz' });
    return json(503, { status: 'store unavailable' }, { 'retry-after': '1' });
  }
}

/** The page at `/`. */
export function home(ctx: Context, http: HttpRequest, consoleHref?: string): HttpReply {
  const body = homePage({
    locale: localeOf(http, undefined),
    brand: brandOf(ctx),
    languages: languageLinks('/', []),
    issuer: ctx.issuer,
    accountHref: '/account',
    ...(consoleHref !== undefined && { consoleHref }),
    discoveryHref: '/.well-known/openid-configuration',
  });
  return { status: 200, headers: pageHeaders({ issuer: ctx.issuer }), body };
}
