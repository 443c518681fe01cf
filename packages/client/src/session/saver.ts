import { pause } from '../clock.ts';
import { backOffMs } from './back-off.ts';
import type { Desk, Unsaved } from './desk.ts';
import { giveBack } from './keep-answer.ts';

/** Stores what could not be stored, as soon as that is possible; after `closing`, there is one more attempt. Never rejects. */
export async function save(
  { slot, renewer, clock, closing }: Pick<Desk, 'slot' | 'renewer' | 'clock' | 'closing'>,
  { base, edit, successor }: Unsaved,
): Promise<void> {
  for (let turn = 1; ; turn++) {
    const closed = closing.aborted;
    if (!closed) await pause(clock, backOffMs(clock, turn), closing, 'nothing').catch(() => undefined);
    const done = await slot.change(base, edit).catch(() => undefined);
    if (done?.kind === 'conflict') await giveBack(renewer, base, done.current, successor);
    if (done !== undefined || closed) return;
  }
}
