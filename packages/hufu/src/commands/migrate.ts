import { mkdirSync } from 'node:fs';
import type { Command } from '../command.ts';
import { onlyOptions, withStore } from '../local.ts';

/** Brings the database to this version's schema. A start does the same; this is for doing it beforehand. */
export const migrate: Command = {
  name: 'migrate',
  summary: 'brings the database to the schema of this version',
  usage: 'hufu migrate [--config hufu.yaml] [--json]',
  async run(call) {
    const { json, config } = await onlyOptions(call);
    mkdirSync(config.dataDir, { recursive: true, mode: 0o700 });
    const kind = await withStore(config, (store) => Promise.resolve(store.kind));
    call.out(json ? JSON.stringify({ migrated: true, store: kind }) : `The ${kind} database has the schema of this version.`);
    return 0;
  },
};
