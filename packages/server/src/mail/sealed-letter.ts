import type { Context } from '../context.ts';
import { type Letter, packLetter, unpackLetter } from './letter.ts';

/** A mail as the outbox keeps it: nobody reads a code out of a database. Undefined: one that is sent to nobody, as large as `like`. */
export function sealLetter(ctx: Context, letter: Letter | undefined, like: Letter): string {
  const padding = '.'.repeat(Math.max(0, packLetter(like, '').length - packLetter(undefined, '').length));
  return ctx.keys.sealSecret(packLetter(letter, padding), contextOf(ctx));
}

/** A mail of the outbox, opened; see `unpackLetter`. */
export function openLetter(ctx: Context, sealed: string): Letter | 'drop' | undefined {
  return unpackLetter(ctx.keys.openSecret(sealed, contextOf(ctx)));
}

/** It opens as a mail of this tenant, and as nothing else. */
function contextOf({ tenant }: Context): string {
  return `mail ${tenant}`;
}
