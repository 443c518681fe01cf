import { parseArgs } from 'node:util';
import { UsageError } from '../command.ts';

/** Options of the commands that work with somebody's account. */
export interface AccountWords {
  readonly json: boolean;
  readonly qr: boolean;
  readonly issuer: string | undefined;
  readonly client: string | undefined;
  readonly scope: string | undefined;
  readonly resource: string | undefined;
  /** A role in administration to sign in for. */
  readonly admin: string | undefined;
  /** Whether a sign-in of a while ago will not do. */
  readonly fresh: boolean;
}

/** @param names those that the command takes beside `--issuer` and `--json`. Throws `UsageError` for any other. */
export function readAccountWords(
  args: readonly string[],
  names: readonly ('client' | 'scope' | 'resource' | 'no-qr' | 'admin' | 'fresh')[] = [],
): AccountWords {
  const options = {
    json: { type: 'boolean' },
    issuer: { type: 'string' },
    ...Object.fromEntries(names.map((name) => [name, { type: name === 'no-qr' || name === 'fresh' ? 'boolean' : 'string' } as const])),
  } as const;
  let values: Readonly<Record<string, unknown>>;
  try {
    values = parseArgs({ args: [...args], options }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : 'the words do not read');
  }
  const text = (name: string): string | undefined => {
    const value = values[name];
    return typeof value === 'string' ? value : undefined;
  };
  return {
    json: values['json'] === true,
    qr: values['no-qr'] !== true,
    issuer: text('issuer')?.replace(/\/$/, ''),
    client: text('client'),
    scope: text('scope'),
    resource: text('resource'),
    admin: text('admin'),
    fresh: values['fresh'] === true,
  };
}
