import type { TokenPiece } from '@hufu/protocol/admin/tokens';

/** What opens something to whoever has it: never shown, though it was pasted in a moment ago. */
const SECRET: ReadonlySet<string> = new Set(['secret', 'derived']);
const MOST = 72;
const HEAD = 40;
const TAIL = 12;

/** A piece of a token as it is shown: secrets as dots, and what is long by its ends. */
export function shownPiece({ name, from, to }: TokenPiece, token: string): { readonly text: string; readonly isSecret: boolean } {
  const text = token.slice(from, to);
  if (SECRET.has(name)) return { text: '•'.repeat(Math.min(text.length, MOST)), isSecret: true };
  return { text: text.length > MOST ? `${text.slice(0, HEAD)}…${text.slice(-TAIL)}` : text, isSecret: false };
}

/** A token as it was pasted, without what comes along: white space, quotation marks, and the name of a scheme. */
export function trimmedToken(text: string): string {
  return text
    .trim()
    .replace(/^(?:authorization:\s*)?(?:bearer|dpop)\s+/i, '')
    .replaceAll(/\s+/g, '')
    .replace(/^(["'])(.*)\1$/, '$2');
}
