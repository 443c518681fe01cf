/**
 * Why the two may differ. `demanded`: the section asks for what ours does. `free`: the section leaves it open, and the reason says why
 * ours chose so. `lacking`: the other one does not have the feature.
 */
export type Ground = 'demanded' | 'free' | 'lacking';

/** A difference that was looked at: which requests, in what, and what the standard says of it. */
export interface KnownDifference {
  /** The id of one request, or a pattern for those of several. */
  readonly requests: string | RegExp;
  readonly aspect: string;
  /** `nothing`: that one has nothing of the kind. */
  readonly ours: string;
  readonly theirs: string;
  readonly ground: Ground;
  readonly section: string;
  readonly because: string;
}

/** How entries are written: which, in what, ours, theirs; then why. */
type Entry = (
  requests: string | RegExp,
  aspect: string,
  values: readonly [ours: string, theirs: string],
  section: string,
  because: string,
) => KnownDifference;

export const demanded: Entry = entryOf('demanded');
export const free: Entry = entryOf('free');
export const lacking: Entry = entryOf('lacking');

function entryOf(ground: Ground): Entry {
  return (requests, aspect, [ours, theirs], section, because) => ({ requests, aspect, ours, theirs, ground, section, because });
}
