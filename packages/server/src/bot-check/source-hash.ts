import { createHash } from 'node:crypto';

/** A text of any length as a subject that is counted (`takeTry`). */
export function hashOfText(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}
