/** Another device has taken the place of a session's. */
export interface Replacement {
  /** Seconds since 1970; undefined where nobody says. */
  readonly at: number | undefined;
  /** What kind of device, as the issuer calls it; undefined where it does not say. */
  readonly device: string | undefined;
}

/** A sentence for whoever had it. */
export function describeReplacement({ at, device }: Replacement): string {
  const when = at === undefined ? '' : ` on ${new Date(at * 1_000).toISOString().slice(0, 19)}Z`;
  return `the user signed in on another device${device === undefined ? '' : ` (${device})`}${when}`;
}

const WORD = /^session_replaced:[ -~]{0,200}?(?: \(([a-z]{1,16})\))?(?: on (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ))?$/;

/** Reads an `error_description` of Hufu (RFC 6749 §5.2); undefined where it says something else. */
export function readReplacement(description: string | undefined): Replacement | undefined {
  const found = WORD.exec(description ?? '');
  if (found === null) return undefined;
  const [, device, when] = found;
  const at = when === undefined ? Number.NaN : Date.parse(when) / 1_000;
  return { at: Number.isNaN(at) ? undefined : at, device };
}
