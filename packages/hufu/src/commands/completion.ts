import { type Command, UsageError } from '../command.ts';
import type { Shell } from '../completion.ts';

/** The words that there are, for a shell that completes them. */
export function completionOf(commands: () => readonly Command[]): Command {
  return {
    name: 'completion',
    summary: 'prints what makes a shell complete the words of hufu',
    usage: 'hufu completion bash|zsh|fish [--json]',
    async run({ args, out }) {
      const words = args.filter((word) => word !== '--json');
      const [shell] = words;
      if (words.length !== 1 || !isShell(shell)) throw new UsageError('one shell is needed');
      // Here, so that a server that starts does not load it.
      const { writeCompletion } = await import('../completion.ts');
      const script = writeCompletion(shell, commands());
      out(words.length === args.length ? script : JSON.stringify({ shell, script }));
      return 0;
    },
  };
}

function isShell(word: string | undefined): word is Shell {
  return word === 'bash' || word === 'zsh' || word === 'fish';
}
