import { createHash } from 'node:crypto';
import { countedAddress } from '@hufu/flow/address';
import type { Context } from '../context.ts';
import { BOT_SCRIPT_PATH } from '../interaction/pages/bot-script.ts';
import { workPanel } from '../interaction/pages/parts/bot-panels.ts';
import { openSealed, seal } from '../interaction/sealed.ts';
import type { BotProvider, BotPurpose } from './provider.ts';
import { hashOfText } from './source-hash.ts';

/** A puzzle is of so many small ones, so that no browser is much luckier than another. */
export const PUZZLE_PARTS = 16;
/** A form that somebody has before them. */
const LIFE_SECONDS = 1_800;
/** Who has no script waits so long: a program as well, and only a few at once from one network. */
const PATIENCE_SECONDS = 20;
const PATIENT_PER_SOURCE = 10;
const PATIENT_WINDOW_SECONDS = 600;
const MAX_TASK = 500;
const MAX_ANSWER = PUZZLE_PARTS * 11;

/**
 * The browser finds numbers whose hashes begin with zeros (after Hashcash): a moment for one, and an hour of a machine for ten thousand. Nobody else is asked. Without scripts the form
 * is taken after twenty seconds instead.
 */
export const proofOfWork: BotProvider<'proof_of_work'> = {
  panel(ctx, { bits }, purpose, locale, before, nowMs) {
    const kept = before?.get('bot_task');
    const standing = kept === undefined ? undefined : openTask(ctx, kept, purpose, nowMs);
    // Time that somebody has waited counts on when the form comes back.
    const task = standing === undefined || kept === undefined ? seal(ctx, 'bot_check', [ctx.random.text(24), nowMs, bits, purpose]) : kept;
    return {
      html: workPanel(
        { task, ...puzzleOf(task), bits: standing?.bits ?? bits, parts: PUZZLE_PARTS, patienceSeconds: PATIENCE_SECONDS },
        locale,
      ),
      headers: { scripts: [BOT_SCRIPT_PATH] },
    };
  },

  async judge(ctx, _config, http, form, purpose) {
    const text = form.get('bot_task') ?? '';
    const task = openTask(ctx, text, purpose, http.nowMs);
    if (task === undefined) return { kind: 'missing' };
    const now = Math.floor(http.nowMs / 1000);
    const answer = form.get('bot_answer') ?? '';
    if (answer === '') {
      const left = Math.ceil(task.issuedMs / 1000 + PATIENCE_SECONDS - http.nowMs / 1000);
      if (left > 0) return { kind: 'wait', seconds: left };
      const source = hashOfText(countedAddress(http.address));
      const taken = await ctx.store.takeTry(ctx.tenant, 'bot_check', source, PATIENT_PER_SOURCE, PATIENT_WINDOW_SECONDS, now);
      if (taken.kind === 'limited') return { kind: 'wait', seconds: taken.retryAfterSeconds };
    } else if (!isSolved(puzzleOf(text).puzzle, task.bits, answer)) return { kind: 'missing' };
    const end = Math.floor(task.issuedMs / 1000) + LIFE_SECONDS;
    return (await ctx.store.takeOnce(ctx.tenant, 'bot_check', task.id, end, now)) ? undefined : { kind: 'missing' };
  },
};

interface Task {
  readonly id: string;
  readonly issuedMs: number;
  readonly bits: number;
}

/** One of ours, for this purpose, that is not over. */
function openTask(ctx: Context, text: string, purpose: BotPurpose, nowMs: number): Task | undefined {
  const parts = openSealed(ctx, 'bot_check', text, MAX_TASK);
  if (!Array.isArray(parts)) return undefined;
  const [id, issuedMs, bits, of]: unknown[] = parts;
  if (typeof id !== 'string' || typeof issuedMs !== 'number' || typeof bits !== 'number' || of !== purpose) return undefined;
  return issuedMs + LIFE_SECONDS * 1000 > nowMs ? { id, issuedMs, bits } : undefined;
}

/** What is hashed: nothing of it can be chosen by whoever solves it. */
function puzzleOf(task: string): { readonly puzzle: string } {
  return { puzzle: createHash('sha256').update(task).digest('base64url') };
}

function isSolved(puzzle: string, bits: number, answer: string): boolean {
  if (answer.length > MAX_ANSWER) return false;
  const numbers = answer.split('.');
  return (
    numbers.length === PUZZLE_PARTS &&
    numbers.every((number, part) => /^(?:0|[1-9]\d{0,9})$/.test(number) && startsWithZeros(`${puzzle}.${part}.${number}`, bits))
  );
}

function startsWithZeros(text: string, bits: number): boolean {
  return createHash('sha256').update(text).digest().readUInt32BE(0) >>> (32 - bits) === 0;
}
