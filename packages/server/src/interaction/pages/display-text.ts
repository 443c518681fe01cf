/**
 * Makes text that somebody else chose (a client's name, a user's, a scope's description) fit to stand in a page of ours: one line,
 * no control or formatting characters that reorder or hide what is around them, no more than two marks piled on a letter, at most
 * `maxCharacters` code points (an ellipsis says where it was cut). It is still to be escaped. '' when nothing visible is left.
 */
export function displayText(text: string, maxCharacters: number): string {
  // A bound on the work, before the patterns: a code point is at most two units.
  const line = text
    .slice(0, maxCharacters * 8)
    .replace(/[\p{Z}\t\n\v\f\r]+/gu, ' ')
    .replace(INVISIBLE, '')
    .replace(/(\p{M}{2})\p{M}+/gu, '$1')
    .trim();
  if (!/[^\s\p{M}\u200c\u200d]/u.test(line)) return '';
  const characters = Array.from(line);
  if (characters.length <= maxCharacters) return line;
  return `${characters
    .slice(0, maxCharacters - 1)
    .join('')
    .trimEnd()}…`;
}

/**
 * Control, surrogate, private and formatting characters, and letters that show nothing (Hangul fillers, the blank Braille cell).
 * The zero-width joiners stay: Persian, the Indic scripts and joined emoji need them.
 */
const INVISIBLE = /(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\u115f\u1160\u3164\uffa0\u2800]/gu;
