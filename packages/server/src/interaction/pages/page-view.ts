import type { Locale } from './messages/locale.ts';

/** What every page is told. Pages know nothing else: no clock, no store, no request. */
export interface PageView {
  readonly locale: Locale;
  /** The same page in each language: plain GET addresses with `ui_locales`. Empty where there is no way back to the page (after a POST). */
  readonly languages: readonly LanguageLink[];
  /** What stands in the place of ours; undefined is Hufu. */
  readonly brand: Brand | undefined;
}

export interface LanguageLink {
  readonly locale: Locale;
  /** A path on our own origin. */
  readonly href: string;
}

export interface Brand {
  readonly name?: string | undefined;
  /** A path on our own origin to an image, 28 px high on the page. */
  readonly markSrc?: string | undefined;
  /** A path on our own origin to a stylesheet that sets the colours (the custom properties at the head of ours). */
  readonly stylesheet?: string | undefined;
  /** Addresses at the foot of each page. */
  readonly terms?: string | undefined;
  readonly privacy?: string | undefined;
  readonly support?: string | undefined;
  /** A sentence or two on the sign-in page. */
  readonly note?: Readonly<Partial<Record<Locale, string>>>;
}

/** Where a page's form goes, and the two hidden fields that bring it home. */
export interface FormView {
  /** A path on our own origin. */
  readonly action: string;
  /** Bound to this browser; checked before anything else. */
  readonly csrf: string;
  /** Names the interaction. */
  readonly request: string;
  /** A page of ours that comes after it. */
  readonly next?: string;
  /** Further hidden fields. */
  readonly more?: readonly (readonly [name: string, value: string])[];
}
