import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import type { Command, CommandCall } from '../command.ts';

/** A configuration in a folder of its own, for commands; it is gone after the tests. */
export interface CommandFolder {
  readonly folder: string;
  readonly file: string;
  call(lines: string[], args?: readonly string[]): CommandCall;
  /** What a command prints that ends well. */
  run(command: Command, ...args: readonly string[]): Promise<string>;
}

/** @param yaml of the configuration, but for `issuer` and `data_dir`. */
export function commandFolder(yaml: string): CommandFolder {
  const folder = mkdtempSync(join(tmpdir(), 'hufu-cli-'));
  after(() => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(join(folder, 'data'), { mode: 0o700 });
  const file = join(folder, 'hufu.yaml');
  writeFileSync(file, `issuer: http://localhost:4400\ndata_dir: ${join(folder, 'data')}\n${yaml}`);
  const call: CommandFolder['call'] = (lines, args = []) => ({
    args: [...args, '--config', file],
    env: {},
    out: (line) => lines.push(line),
    err: (line) => lines.push(line),
  });
  return {
    folder,
    file,
    call,
    async run(command, ...args) {
      const lines: string[] = [];
      assert.equal(await command.run(call(lines, args)), 0);
      return lines.join('\n');
    },
  };
}
