/** Characters. */
const MAX_NAME = 64;
/** Controls, and what turns the direction of letters. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]+/gu;

/** What somebody calls a thing of theirs, or else what it is called by itself: at most 64 characters, without anything that cannot be seen (attacks XSS-05). */
export function readThingName(text: string | undefined, otherwise: string): string {
  const seen = (text ?? '').slice(0, 1_000).toWellFormed().replace(UNSEEN, ' ').replace(/\s+/gu, ' ').trim();
  const name = Array.from(seen).slice(0, MAX_NAME).join('').trim();
  return name === '' ? otherwise : name;
}
