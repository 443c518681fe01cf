import type { SessionId } from '@hufu/protocol/ids';
import type { UserRecord } from '@hufu/store/port';
import { asUser } from '../audit/acting.ts';
import type { Context } from '../context.ts';

/** Letters that nobody takes for another: no I, L, O and U. */
const LETTERS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const COUNT = 10;
/** Fifty bits. */
const LENGTH = 10;
const MAX_TYPED = 40;

/**
 * New recovery codes in place of all that were there, for somebody who has a second factor. They are in the answer and nowhere else: the store has keyed hashes.
 * @param authVersion the user's that was judged
 * @param session goes on under the new version
 */
export async function makeRecoveryCodes(
  ctx: Context,
  user: Pick<UserRecord, 'id' | 'sub'>,
  authVersion: number,
  session: SessionId | undefined,
  now: number,
): Promise<
  { readonly kind: 'made'; readonly codes: readonly string[]; readonly authVersion: number } | { readonly kind: 'changed' | 'unknown' }
> {
  const codes = Array.from({ length: COUNT }, () => newCode(ctx));
  const hashes = codes.map((code) => hashOf(ctx, user, code));
  const put = await asUser(ctx, user).putRecoveryCodes(ctx.tenant, user.id, authVersion, hashes, session, now);
  return put.kind === 'done' ? { kind: 'made', codes: codes.map(formatCode), authVersion: put.authVersion } : put;
}

/** Takes a code that somebody has typed, if it is one of theirs: true once for each (`takeRecoveryCode`). */
export async function takeRecoveryCode(ctx: Context, user: Pick<UserRecord, 'id' | 'sub'>, code: string): Promise<boolean> {
  return await asUser(ctx, user).takeRecoveryCode(ctx.tenant, user.id, hashOf(ctx, user, code));
}

/** What was typed, however it was written; undefined for what cannot be one. */
export function readRecoveryCode(text: string): string | undefined {
  if (text.length > MAX_TYPED) return undefined;
  const letters = text
    .normalize('NFKC')
    .toUpperCase()
    .replace(/[\s-]/gu, '')
    .replaceAll('O', '0')
    .replace(/[IL]/g, '1')
    .replaceAll('U', 'V');
  return letters.length === LENGTH && [...letters].every((letter) => LETTERS.includes(letter)) ? letters : undefined;
}

function newCode(ctx: Pick<Context, 'random'>): string {
  const bytes = Buffer.from(ctx.random.text(16), 'base64url');
  // Of each byte five bits, which are as random as all eight.
  return [...bytes.subarray(0, LENGTH)].map((byte) => LETTERS[byte & 31] ?? '').join('');
}

function formatCode(code: string): string {
  return `${code.slice(0, LENGTH / 2)}-${code.slice(LENGTH / 2)}`;
}

function hashOf(ctx: Pick<Context, 'keys'>, { id }: Pick<UserRecord, 'id'>, code: string): string {
  return ctx.keys.keyedHash('recovery_code', `${id}\n${code}`);
}
