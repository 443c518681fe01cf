import { equalText } from '@hufu/protocol/equal-text';
import type { ChallengeRecord } from '@hufu/store/port';
import type { Context } from '../context.ts';
import type { Random } from '../random.ts';

/** Digits of a code: 2^26.6 of them, five of which may be tried. */
const CODE_LENGTH = 8;
const CODE = /^\d{8}$/;
/** What a hand may write beside the digits. */
const MAX_TYPED = 64;
/** Characters of a link's secret: 144 bits (attacks USR-17). */
const SECRET_LENGTH = 24;
const LINK = /^(\d{1,15})\.([A-Za-z0-9_-]{24})$/;
/** 48 random bits are shared out; what is over would make some codes likelier. */
const DRAWN = 2 ** 48;
const CODES = 10 ** CODE_LENGTH;

/** A code of eight digits, each as likely as any other. */
export function newMailCode(random: Random): string {
  for (;;) {
    const drawn = Buffer.from(random.text(8), 'base64url').readUIntBE(0, 6);
    if (drawn < DRAWN - (DRAWN % CODES)) return String(drawn % CODES).padStart(CODE_LENGTH, '0');
  }
}

/** What somebody typed, as the code that it can only mean: in any width, with spaces and dashes or without. */
export function readMailCode(text: string): string | undefined {
  if (text.length > MAX_TYPED) return undefined;
  const code = text.normalize('NFKC').replace(/[\s\p{Pd}_.]/gu, '');
  return CODE.test(code) ? code : undefined;
}

/** What the store knows a code by: a keyed hash, good for one purpose and address. */
export function hashMailCode(
  ctx: Pick<Context, 'keys'>,
  { purpose, address }: Pick<ChallengeRecord, 'purpose' | 'address'>,
  code: string,
): string {
  return ctx.keys.keyedHash('mail_code', `${purpose}\n${address}\n${code}`);
}

/** What a link carries: which mail it came with, and a secret. */
export interface MailLink {
  readonly id: number;
  readonly secret: string;
}

export function newLinkSecret(random: Random): string {
  return random.text(SECRET_LENGTH);
}

export function hashLinkSecret(ctx: Pick<Context, 'keys'>, secret: string): string {
  return ctx.keys.keyedHash('mail_link', secret);
}

export function writeMailLink({ id, secret }: MailLink): string {
  return `${id}.${secret}`;
}

export function readMailLink(text: string | undefined): MailLink | undefined {
  const [, id, secret] = LINK.exec(text ?? '') ?? [];
  return id === undefined || secret === undefined ? undefined : { id: Number(id), secret };
}

/**
 * The live challenge of a link, which stays as it is: looking at a link uses nothing up (attacks USR-26). A wrong secret is not counted against it either, or whoever counts up the
 * numbers of links could use up other people's.
 */
export async function findByLink(ctx: Context, link: MailLink | undefined, now: number): Promise<ChallengeRecord | undefined> {
  const challenge = link === undefined ? undefined : await ctx.store.findChallenge(ctx.tenant, link.id, now);
  if (challenge === undefined || link === undefined) return undefined;
  return equalText(challenge.linkHash, hashLinkSecret(ctx, link.secret)) ? challenge : undefined;
}
