import { brandOf } from '../appearance/brand.ts';
import type { Context } from '../context.ts';
import { Trail } from '../decisions/trail.ts';
import type { HttpReply, HttpRequest } from '../http.ts';
import { PageError, pageRefusal } from '../interaction/page-error.ts';
import { languageLinks, localeOf } from '../interaction/page-locale.ts';
import { devMailPage, devMailsPage } from '../interaction/pages/dev-mail.ts';
import { pageHeaders } from '../interaction/pages/headers.ts';
import { type KeptLetter, keptLetters, mailRoute } from '../mail/mail-room.ts';
import { json } from '../reply.ts';

const PATH = '/dev/mail';

/** The mails of a server that has nobody to send them by, newest first; as JSON for programs. 404 wherever mails are sent, in production, and where others could look. */
export function devMails(ctx: Context, http: HttpRequest): HttpReply {
  return guarded(ctx, http, () => {
    const letters = keptLetters(ctx);
    if (http.headers.accept === 'application/json') return json(200, letters.map(toJson));
    const locale = localeOf(http, undefined);
    const views = letters.map((letter) => ({ number: letter.number, to: letter.to, subject: letter.subject, at: timeOf(letter) }));
    const body = devMailsPage({ locale, brand: brandOf(ctx), languages: languageLinks(PATH, []), letters: views });
    return { status: 200, headers: pageHeaders({ issuer: ctx.issuer }), body };
  });
}

/** One of them: `7` its page, `7.html` what a mail program shows. */
export function devMail(ctx: Context, http: HttpRequest): HttpReply {
  return guarded(ctx, http, () => {
    const name = http.path.slice(PATH.length + 1);
    const number = /^(\d{1,9})(?:\.html)?$/.exec(name)?.[1];
    const letter = keptLetters(ctx).find((one) => String(one.number) === number);
    if (letter === undefined) throw new PageError('not_found', 'no such mail');
    if (name.endsWith('.html')) return { status: 200, headers: PREVIEW, body: letter.html };
    const path = `${PATH}/${letter.number}`;
    const { to, subject, text } = letter;
    const body = devMailPage({
      locale: localeOf(http, undefined),
      brand: brandOf(ctx),
      languages: languageLinks(path, []),
      letter: { number: letter.number, to, subject, text, at: timeOf(letter) },
      previewSrc: `${path}.html`,
      listHref: PATH,
    });
    return { status: 200, headers: pageHeaders({ issuer: ctx.issuer, frames: [`${ctx.issuer}${path}`] }), body };
  });
}

function guarded(ctx: Context, http: HttpRequest, act: () => HttpReply): HttpReply {
  try {
    if (mailRoute(ctx.config) !== 'memory') throw new PageError('not_found', 'mails are not kept here');
    return act();
  } catch (error) {
    return pageRefusal(ctx, 'dev_mail', http, new Trail(), error);
  }
}

/** A document that does nothing and loads nothing, whatever stands in it; only our own page has it in a frame. */
const PREVIEW = {
  'content-type': 'text/html; charset=utf-8',
  'cache-control': 'no-store',
  'content-security-policy':
    "default-src 'none'; style-src 'unsafe-inline'; sandbox allow-top-navigation-by-user-activation; frame-ancestors 'self'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
} as const;

function timeOf({ atMs }: KeptLetter): string {
  return `${new Date(atMs).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

function toJson({ number, to, locale, subject, text, html, atMs }: KeptLetter): object {
  return { number, to, locale, subject, text, html, at: new Date(atMs).toISOString() };
}
