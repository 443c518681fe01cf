import type { Locale } from '@hufu/protocol/locale';
import type { Shape } from '../config/shape.ts';
import type { Upstream } from '../config/upstream-config.ts';
import type { Dialect } from './oauth2.ts';

/** A provider that we know: one file, and one line of the registry. */
export interface Preset {
  /** What its people call it. */
  readonly label: Readonly<Record<Locale, string>>;
  /** The letter that stands before it on a button. */
  readonly letter: Readonly<Record<Locale, string>>;
  /** What `upstreams` may say of it. */
  readonly shape: Shape<Upstream>;
  /** Where it speaks an OAuth 2 of its own. */
  readonly dialect?: Dialect;
}
