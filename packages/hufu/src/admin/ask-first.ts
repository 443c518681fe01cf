import { createInterface } from 'node:readline/promises';
import type { Effect } from '@hufu/protocol/admin/operation';
import { type CommandCall, RefusedError } from '../command.ts';
import { visible } from '../display-width.ts';

/** What a command asks before it does what cannot be undone. */
export type Ask = (question: string) => Promise<boolean>;

/**
 * Asks at the terminal. Throws `RefusedError` where there is none: whoever runs a script says `--yes`.
 *
 * @param look what shows it without doing it, where something does
 */
export function askAtTerminal(call: Pick<CommandCall, 'err'>, look?: string): Ask {
  return async (question) => {
    if (process.stdin.isTTY !== true)
      throw new RefusedError(
        `${question}\nThere is no terminal to ask at: say --yes where it is meant${look === undefined ? '' : `, or ${look} to look`}.`,
      );
    call.err(question);
    const lines = createInterface({ input: process.stdin, output: process.stderr });
    try {
      return (await lines.question('Go on? [y/N] ')).trim().toLowerCase() === 'y';
    } finally {
      lines.close();
    }
  };
}

/** How much a look has found, with the names of those that it is about, as far as they are known. */
export function tellEffect({ grants, users, capped }: Effect, usernames: readonly string[] = []): string {
  const more = capped ? ' or more' : '';
  const others = users - usernames.length;
  const names = usernames.length === 0 ? '' : ` (${usernames.join(', ')}${others > 0 ? ` and ${others} others` : ''})`;
  return `${grants}${more} live ${grants === 1 ? 'grant' : 'grants'} of ${users}${more} ${users === 1 ? 'user' : 'users'}${visible(names)}`;
}
