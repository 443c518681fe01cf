/** Reads the guides, and runs the commands that they print. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cleanEnvironment, ROOT } from './running.ts';

/** A fenced block of a guide. */
export interface Block {
  /** After the fence: `sh`, `sh run`, `text output`, `yaml`. */
  readonly info: string;
  readonly text: string;
  /** Of its first line. */
  readonly line: number;
}

/** The fenced blocks of a Markdown text, in order. */
export function readBlocks(markdown: string): readonly Block[] {
  const blocks: Block[] = [];
  let open: { readonly info: string; readonly line: number; readonly lines: string[] } | undefined;
  for (const [index, text] of markdown.split('\n').entries()) {
    const fence = /^```(.*)$/.exec(text);
    if (open === undefined) {
      if (fence !== null) open = { info: fence[1] ?? '', line: index + 2, lines: [] };
    } else if (fence === null) open.lines.push(text);
    else {
      blocks.push({ info: open.info, line: open.line, text: open.lines.join('\n') });
      open = undefined;
    }
  }
  return blocks;
}

export function readGuide(name: string): string {
  return readFileSync(join(ROOT, 'docs/guides', name), 'utf8');
}

/** A `sh run` block, what it wrote, and the `… output` block that follows it. */
export interface Ran {
  readonly block: Block;
  readonly output: string;
  readonly expected: string | undefined;
}

/**
 * Runs the `sh run` blocks of a guide in one shell, from the root of the repository, as a reader would.
 *
 * @param addresses what the guide prints → where it is here
 * @param env for `npx hufu`, beside the server
 */
export async function runGuide(
  markdown: string,
  addresses: Readonly<Record<string, string>>,
  env: Readonly<Record<string, string>>,
): Promise<readonly Ran[]> {
  const here = (text: string): string => Object.entries(addresses).reduce((all, [from, to]) => all.replaceAll(from, to), text);
  const blocks = readBlocks(markdown);
  const runs = blocks.filter((block) => block.info === 'sh run');
  // npx takes a second each time; what it would find is this.
  const npx = `npx() { shift; ${quote(process.execPath)} --conditions=source --disable-warning=ExperimentalWarning packages/hufu/src/main.ts "$@"; }`;
  // The Node that npm puts first: the pinned one.
  const path = `export PATH=${quote(join(ROOT, 'node_modules/.bin'))}:"$PATH"`;
  const script = [path, npx, ...runs.map((block) => `{ ${here(block.text)}\n} 2>&1\necho; echo ${END}`)].join('\n');
  const outputs = (await shell(script, env)).split(`\n${END}\n`);
  return runs.map((block, index) => {
    const next = blocks[blocks.indexOf(block) + 1];
    return { block, output: outputs[index] ?? '', expected: next?.info.endsWith(' output') === true ? here(next.text) : undefined };
  });
}

/** Whether an output is what the guide says. `…` stands for anything within a line; a line that is only `…` for any number of lines. */
export function matches(output: string, expected: string): boolean {
  const escape = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
  const lines = expected
    .split('\n')
    .map((line) => (line.trim() === '…' ? '(?:.*\\n)*?' : `${line.split('…').map(escape).join('.*')}[ \\r]*\\n`));
  return new RegExp(`^${lines.join('')}$`).test(`${output.trimEnd()}\n`);
}

const END = '--- end of block ---';

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

async function shell(script: string, env: Readonly<Record<string, string>>): Promise<string> {
  const child = spawn('bash', ['-c', script], { cwd: ROOT, env: { ...cleanEnvironment(), ...env }, stdio: ['ignore', 'pipe', 'inherit'] });
  const chunks: Buffer[] = [];
  for await (const chunk of child.stdout) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}
