import { readHash } from '../accounts/hashes/read-hash.ts';
import { Refused } from './shape.ts';

/** A hash of a password as `readHash` takes it: what another system has made is brought along, and made anew when its owner signs in. */
export function readPasswordHash(text: string): string | Refused {
  const read = readHash(text);
  return typeof read === 'string' ? new Refused(read) : text;
}
