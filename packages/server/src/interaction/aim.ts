import type { OwnPage } from './own-page.ts';
import type { UnderWay } from './way.ts';

/** What somebody signs in or signs up for: a request under way, or else a page of ours. */
export interface Aim {
  /** The request's ticket as it came. */
  readonly text: string | undefined;
  readonly way: UnderWay | undefined;
  readonly next: OwnPage;
}

/** The parameters that bring a page back to the same aim. */
export function aimParameters({ text, next }: Aim): readonly (readonly [string, string])[] {
  if (text !== undefined) return [['request', text]];
  return next === 'account' ? [] : [['next', next]];
}
