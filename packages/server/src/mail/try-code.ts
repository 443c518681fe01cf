import { foldAddress } from '@hufu/store/email-address';
import type { ChallengeRecord } from '@hufu/store/port';
import type { Context } from '../context.ts';
import type { Asked } from './asked.ts';
import { hashLinkSecret, hashMailCode, type MailLink, readMailCode } from './mail-code.ts';

/** So many codes are looked at for one mail. */
export const MAX_CODE_TRIES = 5;

export type CodeOutcome =
  | { readonly kind: 'right'; readonly challenge: ChallengeRecord }
  /** None left: the mail is good for nothing any more, or never was. */
  | { readonly kind: 'wrong'; readonly triesLeft: number };

/** Tries what somebody typed, in the browser that asked. What is no code at all costs no try. */
export async function tryMailCode(
  ctx: Context,
  asked: Asked,
  typed: string,
  now: number,
): Promise<CodeOutcome | { readonly kind: 'no_code' }> {
  const code = readMailCode(typed);
  if (code === undefined) return { kind: 'no_code' };
  const hash = hashMailCode(ctx, { purpose: asked.purpose, address: foldAddress(asked.address) }, code);
  const answer = await ctx.store.answerChallenge(ctx.tenant, asked.challenge, { kind: 'code', hash }, MAX_CODE_TRIES, now);
  return answer.kind === 'dead' ? { kind: 'wrong', triesLeft: 0 } : answer;
}

/** Uses a link up, which `findByLink` has found to be right: undefined where somebody else was faster. */
export async function useMailLink(ctx: Context, { id, secret }: MailLink, now: number): Promise<ChallengeRecord | undefined> {
  const answer = await ctx.store.answerChallenge(ctx.tenant, id, { kind: 'link', hash: hashLinkSecret(ctx, secret) }, MAX_CODE_TRIES, now);
  return answer.kind === 'right' ? answer.challenge : undefined;
}
