import type { OperationName } from '@hufu/protocol/admin/operations';

/** What a command is given: its words, its environment, and where it writes. */
export interface CommandCall {
  /** The words after the command's name. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** One line for people or programs. */
  out(line: string): void;
  /** One line about what went wrong. */
  err(line: string): void;
}

/** 0: done. 1: refused. 2: called wrongly. */
export type ExitCode = 0 | 1 | 2;

/** A command of the CLI: one file, one entry in `run-cli.ts`. */
export interface Command {
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** How it is called. */
  readonly usage: string;
  /** The operation of the admin API that it does, or can do. */
  readonly operation?: OperationName;
  run(call: CommandCall): Promise<ExitCode>;
}

/** Called wrongly: shown with the usage, exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Refused for a reason that the caller should read as it is, exit code 1. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError';
}
