import { createInterface } from 'node:readline/promises';
import type { Effect } from '@hufu/protocol/admin/operation';
import { type CommandCall, RefusedError } from '../command.ts';

/** What a command asks before it does what cannot be undone. */
export type Ask = (question: string) => Promise<boolean>;

/** Asks at the terminal. Throws `RefusedError` where there is none: whoever runs a script says `--yes`. */
export function askAtTerminal(call: Pick<CommandCall, 'err'>): Ask {
  return async (question) => {
    if (process.stdin.isTTY !== true)
      throw new RefusedError(`${question}\nThere is no terminal to ask at: say --yes where it is meant, or --dry-run to look.`);
    call.err(question);
    const lines = createInterface({ input: process.stdin, output: process.stderr });
    try {
      return (await lines.question('Go on? [y/N] ')).trim().toLowerCase() === 'y';
    } finally {
      lines.close();
    }
  };
}

/** How much a look has found. */
export function tellEffect({ grants, users, capped }: Effect): string {
  const more = capped ? ' or more' : '';
  return `${grants}${more} live ${grants === 1 ? 'grant' : 'grants'} of ${users}${more} ${users === 1 ? 'user' : 'users'}`;
}
