import { useTranslation } from 'react-i18next';
import { nowSeconds } from '../clock.ts';

const UNITS: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
];

const CLOCK_SECONDS = 2;

/** A moment (seconds since 1970): how far from now while that says more, else the day; the whole of it stands behind. `none`: what is said where there is none, if it is not that it never was. */
export function Moment({ at, none }: { readonly at: number | undefined; readonly none?: string }) {
  const { t, i18n } = useTranslation();
  if (at === undefined || at === 0) return <span className="faded">{none ?? t('common.never')}</span>;
  const date = new Date(at * 1_000);
  const full = new Intl.DateTimeFormat(i18n.language, { dateStyle: 'medium', timeStyle: 'medium' }).format(date);
  return (
    <time dateTime={date.toISOString()} title={full}>
      {shortOf(at, i18n.language)}
    </time>
  );
}

const TO_THE_MS = {
  year: 'numeric',
  month: 'short',
  day: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  fractionalSecondDigits: 3,
  hourCycle: 'h23',
} as const;

/** A moment to the millisecond (since 1970), where it is about that. */
export function MomentMs({ ms }: { readonly ms: number | undefined }) {
  const { i18n } = useTranslation();
  if (ms === undefined) return '–';
  const at = new Date(ms);
  return <time dateTime={at.toISOString()}>{new Intl.DateTimeFormat(i18n.language, TO_THE_MS).format(at)}</time>;
}

/** For words that have no place for an element. */
export function momentText(at: number, language: string): string {
  return new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'short' }).format(new Date(at * 1_000));
}

function shortOf(at: number, language: string): string {
  const ahead = at - nowSeconds();
  // Servers tell their clock in whole seconds: what they did just now is not to come.
  const away = ahead > 0 && ahead <= CLOCK_SECONDS ? 0 : ahead;
  if (Math.abs(away) >= 7 * 86_400) return new Intl.DateTimeFormat(language, { dateStyle: 'medium' }).format(new Date(at * 1_000));
  const words = new Intl.RelativeTimeFormat(language, { numeric: 'auto', style: 'short' });
  for (const [unit, seconds] of UNITS) if (Math.abs(away) >= seconds) return words.format(Math.trunc(away / seconds), unit);
  return words.format(away, 'second');
}

/** A length of time in its largest whole unit. */
export function Duration({ seconds }: { readonly seconds: number }) {
  const { t } = useTranslation();
  if (seconds >= 86_400 && seconds % 86_400 === 0) return <>{t('time.days', { count: seconds / 86_400 })}</>;
  if (seconds >= 3_600 && seconds % 3_600 === 0) return <>{t('time.hours', { count: seconds / 3_600 })}</>;
  if (seconds >= 60 && seconds % 60 === 0) return <>{t('time.minutes', { count: seconds / 60 })}</>;
  return <>{t('time.seconds', { count: seconds })}</>;
}
