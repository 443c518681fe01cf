import { previews } from '@hufu/protocol/admin/operation';
import { operationOf } from '@hufu/protocol/admin/operations';
import type { JsonSchema } from '@hufu/protocol/admin/shape';
import { isSecret, stdinOption } from './admin/read-words.ts';
import type { Command } from './command.ts';

const WHERE = `Commands on clients, users, grants, keys and limits work on the store with --config F, or where hufu.yaml or HUFU_DATABASE names one;
through the admin API of a running server with --issuer, or where you are signed in to one for administration (hufu login --admin owner).
--json on each. Exit codes: 0 done, 1 refused, 2 called wrongly. hufu help <word> says more.`;

/** Every command in a line, those that share a first word below each other. */
export function overviewOf(commands: readonly Command[]): string {
  const alone = commands.filter(({ name }) => !name.includes(' '));
  const nouns = new Set(commands.filter(({ name }) => name.includes(' ')).map(nounOf));
  const groups = [alone, ...[...nouns].map((noun) => commands.filter((command) => command.name.includes(' ') && nounOf(command) === noun))];
  const width = Math.max(...commands.map(({ name }) => name.length));
  const lines = groups.flatMap((group) => ['', ...group.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`)]);
  return ['hufu <command>', ...lines, '', WHERE].join('\n');
}

function nounOf({ name }: Command): string | undefined {
  return name.split(' ')[0];
}

/** What there is to say about a command, or about all that begin with these words; undefined where there are none. */
export function helpOn(commands: readonly Command[], words: readonly string[]): string | undefined {
  if (words.length === 0) return overviewOf(commands);
  const about = commands.filter(({ name }) => words.every((word, i) => name.split(' ')[i] === word));
  const [first] = about;
  if (first === undefined) return undefined;
  if (about.length === 1 || first.name === words.join(' ')) return describe(first);
  const width = Math.max(...about.map(({ name }) => name.length));
  return about.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`).join('\n');
}

/** One command: what it does, how it is called, who may. */
export function describe({ name, summary, usage, operation }: Command): string {
  const lines = [`hufu ${name}: ${summary}`, '', `usage: ${usage}`];
  if (operation === undefined) return lines.join('\n');
  const { role, effect, query, body, ...rest } = operationOf(operation);
  const options = [...optionsOf(query), ...optionsOf(body)];
  if (options.length > 0) lines.push('', ...columns(options));
  lines.push('', `Through the admin API (${operation}) it needs the role ${role}, or a larger one.`);
  if (effect === 'dangerous') lines.push('It asks first: --yes for scripts. A person has signed in during the last five minutes.');
  if (previews({ ...rest, query })) lines.push('--dry-run tells what would end, and ends nothing.');
  return lines.join('\n');
}

function optionsOf(schema: JsonSchema | undefined): readonly (readonly [string, string])[] {
  const properties: Readonly<Record<string, JsonSchema>> = Object(schema?.['properties']);
  return Object.entries(properties)
    .filter(([name]) => name !== 'dry_run')
    .map(([name, { description, enum: words, additionalProperties }]) => {
      const one = Array.isArray(words) ? ` (${words.join(', ')})` : '';
      if (additionalProperties === true)
        return [`--member value`, `a member of ${name}, also as member=value, member:=JSON, hufu.member=value. ${String(description)}`];
      return [isSecret(name) ? `--${stdinOption(name)}` : `--${name.replaceAll('_', '-')}`, `${String(description)}${one}`];
    });
}

function columns(rows: readonly (readonly [string, string])[]): readonly string[] {
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, text]) => `  ${name.padEnd(width)}  ${text}`);
}
