import type { Letter } from '../mail/letter.ts';
import { openLetter } from '../mail/sealed-letter.ts';
import type { World } from './world.ts';

/** What waits in the outbox, taken out of it: `drop` for what is sent to nobody. */
export async function takeOutbox(world: World): Promise<readonly (Letter | 'drop' | undefined)[]> {
  const mails = await world.store.takeMails(world.tenant, 100, 30, world.now());
  for (const mail of mails) await world.store.settleMail(world.tenant, mail.id, mail.attempt, { kind: 'sent' }, world.now());
  return mails.map(({ sealed }) => openLetter(world.ctx, sealed));
}

/** The only mail there is, and whom it goes to. */
export async function takeLetter(world: World): Promise<Letter> {
  const [letter, ...others] = (await takeOutbox(world)).filter((one) => one !== 'drop');
  if (letter === undefined || others.length > 0) throw new Error(`${others.length + 1} mails`);
  return letter;
}

/** The code in a mail. */
export function codeIn({ text }: Pick<Letter, 'text'>): string {
  return (/^ {4}(\d{4}) (\d{4})$/m.exec(text) ?? []).slice(1).join('');
}

/** Path and query of the link in a mail. */
export function linkIn({ text }: Pick<Letter, 'text'>): string {
  const url = new URL(/^https?:\/\/\S+$/m.exec(text)?.[0] ?? '');
  return url.pathname + url.search;
}
