/** Why a user name is not taken. */
export type UsernameFault = 'missing' | 'too_long' | 'characters' | 'mixed_scripts';

/** Characters of a user name that somebody chooses. */
export const MAX_NEW_USERNAME = 64;

/**
 * A user name that somebody chooses for themselves, as it is kept: letters and digits of one way of writing, with single dots, dashes and
 * underscores between them. Nothing invisible, and no letters of two scripts that can be taken for each other (Unicode UTS #39, highly
 * restrictive), so that nobody passes for somebody else by a letter that looks the same. No `@`: a name is never the address of another.
 */
export function readNewUsername(
  text: string,
): { readonly kind: 'name'; readonly username: string } | { readonly kind: 'fault'; readonly fault: UsernameFault } {
  const typed = text.trim();
  if (typed === '') return { kind: 'fault', fault: 'missing' };
  // A bound on the work: what is folded to less was never longer than that.
  if (typed.length > MAX_NEW_USERNAME * 4) return { kind: 'fault', fault: 'too_long' };
  const username = typed.normalize('NFKC');
  if (Array.from(username).length > MAX_NEW_USERNAME) return { kind: 'fault', fault: 'too_long' };
  if (!ALLOWED.test(username) || /^[._-]|[._-]$|[._-]{2}|^\p{M}|[._-]\p{M}|\p{M}{4}/u.test(username))
    return { kind: 'fault', fault: 'characters' };
  if (!SCRIPTS.some((script) => script.test(username))) return { kind: 'fault', fault: 'mixed_scripts' };
  return { kind: 'name', username };
}

/** Letters, their marks and digits; of the formatting characters none, of the marks none that are invisible. */
const ALLOWED = /^(?:[._\-]|[[\p{L}\p{M}\p{Nd}]--\p{Default_Ignorable_Code_Point}])+$/v;

/** Of living languages; not the phonetic letters, and the clicks, that look like others. */
const LATIN = 'A-Za-z\\u00c0-\\u01bf\\u01c4-\\u024f\\u1e00-\\u1eff';

/** The scripts that Unicode recommends for identifiers (UAX #31, table 5), and those that are written together. */
const SCRIPTS: readonly RegExp[] = [
  `${LATIN}\\p{scx=Hani}\\p{scx=Hira}\\p{scx=Kana}`,
  `${LATIN}\\p{scx=Hani}\\p{scx=Bopo}`,
  `${LATIN}\\p{scx=Hani}\\p{scx=Hang}`,
  ...'Arab Armn Beng Cyrl Deva Ethi Geor Grek Gujr Guru Hebr Khmr Knda Laoo Mlym Mymr Orya Sinh Taml Telu Thaa Thai Tibt'
    .split(' ')
    .map((script) => `\\p{scx=${script}}`),
].map((letters) => new RegExp(`^[0-9._\\-${letters}]+$`, 'v'));
