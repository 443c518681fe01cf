import { type AnyOperation, previews } from '@hufu/protocol/admin/operation';
import { OPERATION_NAMES, type OperationName, operationOf } from '@hufu/protocol/admin/operations';
import type { Command } from '../command.ts';
import { commandName } from './command-words.ts';
import { isSecret, stdinOption } from './read-words.ts';

/** A command for every operation of the admin API. */
export const ADMIN_COMMANDS: readonly Command[] = OPERATION_NAMES.map(adminCommand);

function adminCommand(name: OperationName): Command {
  const operation = operationOf(name);
  const command = commandName(name);
  const summary = `${operation.summary.slice(0, 1).toLowerCase()}${operation.summary.slice(1).replace(/\.$/, '')}`;
  return {
    name: command,
    summary: summary.replace(/\. .*$/, ''),
    usage: `hufu ${[command, ...wordsOf(operation)].join(' ')} [--issuer https://id.example] [--json]`,
    operation: name,
    // Here, so that a server that starts does not load it.
    run: async (call) => (await import('./run-operation.ts')).runOperation(call, name),
  };
}

function wordsOf(operation: AnyOperation): readonly string[] {
  const { params, query, body, effect } = operation;
  const filters = Object.keys(Object(query['properties'])).filter((name) => name !== 'dry_run' && name !== 'cursor');
  const members = Object.entries<Readonly<Record<string, unknown>>>(Object(body?.['properties']));
  return [
    ...Object.keys(params).map((name) => `<${name === 'sub' ? 'user' : name}>`),
    ...members.map(([name, schema]) => {
      if (schema['additionalProperties'] === true) return `[--member value …]`;
      return isSecret(name) ? `[--${stdinOption(name)}]` : `[--${name.replaceAll('_', '-')} …]`;
    }),
    ...(body !== undefined && members.length === 0 ? ["'<JSON>'"] : []),
    ...(body === undefined ? [] : ['[--body @file.json]']),
    ...filters.map((name) => `[--${name.replaceAll('_', '-')} …]`),
    ...('cursor' in Object(query['properties']) ? ['[--all]'] : []),
    ...(previews(operation) ? ['[--dry-run]'] : []),
    ...(effect === 'dangerous' ? ['[--yes]'] : []),
  ];
}
