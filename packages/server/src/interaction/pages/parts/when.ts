import { type Html, html } from '../html.ts';
import type { Locale } from '../messages/locale.ts';
import type { Messages } from '../messages/messages.ts';

/** What a page is told about times: now, and in which zone its reader lives (an IANA name; UTC where nobody knows). */
export interface Moment {
  /** Seconds since 1970. */
  readonly now: number;
  readonly zone: string;
}

/** Languages times zones that somebody said they live in. */
const MAX_FORMATS = 256;
const formats = new Map<string, Intl.DateTimeFormat>();

/** Day and time: `22 Nov 2026, 10:05 UTC`. Where scripts run it becomes the time of the reader's own zone. */
export function atTime(seconds: number, { zone }: Moment, locale: Locale): Html {
  const text = formatOf(locale, zone).format(seconds * 1000);
  return html`<time datetime="${iso(seconds)}" data-local="minute">${zone === 'UTC' ? `${text} UTC` : text}</time>`;
}

/** The day alone, where the hour says nothing. */
export function onDay(seconds: number): Html {
  return html`<time datetime="${iso(seconds)}">${iso(seconds).slice(0, 10)}</time>`;
}

const WEEK = 7 * 86_400;

/** How long ago, within a week; then the day. Never finer than it is true: what is seen is written down every ten minutes. */
export function ago(seconds: number, { now }: Moment, messages: Messages): Html {
  const age = Math.max(0, now - seconds);
  if (age >= WEEK) return onDay(seconds);
  const words = age < 600 ? messages.account.justNow : messages.account.ago(roughly(age));
  return html`<time datetime="${iso(seconds)}">${words}</time>`;
}

/** Minutes below an hour, hours below two days, else days. */
function roughly(age: number): number {
  const unit = age < 3_600 ? 60 : age < 2 * 86_400 ? 3_600 : 86_400;
  return Math.floor(age / unit) * unit;
}

/** The zone that somebody said they live in, if it is one. */
export function readZone(claim: unknown): string {
  if (typeof claim !== 'string' || claim.length > 64 || !/^[A-Za-z0-9_+/-]+$/.test(claim)) return 'UTC';
  try {
    return new Intl.DateTimeFormat('en', { timeZone: claim }).resolvedOptions().timeZone;
  } catch {
    return 'UTC';
  }
}

function iso(seconds: number): string {
  return `${new Date(seconds * 1000).toISOString().slice(0, 19)}Z`;
}

function formatOf(locale: Locale, zone: string): Intl.DateTimeFormat {
  const key = `${locale} ${zone}`;
  let format = formats.get(key);
  if (format === undefined) {
    format = new Intl.DateTimeFormat(locale === 'en' ? 'en-GB' : locale, {
      dateStyle: 'medium',
      timeStyle: 'short',
      timeZone: zone,
    });
    if (formats.size >= MAX_FORMATS) formats.clear();
    formats.set(key, format);
  }
  return format;
}
