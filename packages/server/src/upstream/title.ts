import type { Locale } from '@hufu/protocol/locale';
import type { Upstream } from '../config/upstream-config.ts';
import { PRESETS } from './registry.ts';

/** What an upstream is called on a page, and in a mail. */
export function titleOf(upstream: Pick<Upstream, 'name'> & Partial<Pick<Upstream, 'label' | 'preset'>>, locale: Locale): string {
  return upstream.label ?? PRESETS.get(upstream.preset ?? '')?.label[locale] ?? upstream.name;
}

/** The letter that stands before it on a button. */
export function letterOf(upstream: Pick<Upstream, 'name' | 'label' | 'preset'>, locale: Locale): string {
  const letter = PRESETS.get(upstream.preset ?? '')?.letter[locale];
  return (
    letter ??
    Array.from(titleOf(upstream, locale))
      .find((character) => /[\p{L}\p{N}]/u.test(character))
      ?.toUpperCase() ??
    '?'
  );
}
