import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { systemClock } from '@hufu/server/clock';
import type { Config } from '@hufu/server/config/config';
import { loadConfig } from '@hufu/server/config/load-config';
import { readConfig } from '@hufu/server/config/read-config';
import type { Context } from '@hufu/server/context';
import { thumbprint } from '@hufu/server/keys/signer';
import { jsonLog } from '@hufu/server/log';
import { type ContextOptions, openContext } from '@hufu/server/open-context';
import { openStore, type SchemaPolicy } from '@hufu/store/open';
import type { Store } from '@hufu/store/port';
import { type CommandCall, UsageError } from './command.ts';
import { DEMO_CONFIG } from './demo/demo-config.ts';
import { readOnlyStore, type Upkeep } from './read-only-store.ts';

/** The words of a command that works on the store itself, beside a server that may be running. */
export interface LocalWords {
  readonly positionals: readonly string[];
  readonly json: boolean;
  readonly options: Readonly<Record<string, string | undefined>>;
  readonly config: Config;
}

/** Reads `--config F`, `--json` and a command's own `--name value` options. Without `--config`: `hufu.yaml`, or else the demo of `npm start`. */
export async function readLocalWords(call: CommandCall, own: readonly string[] = []): Promise<LocalWords> {
  const options = {
    config: { type: 'string' as const },
    json: { type: 'boolean' as const },
    ...Object.fromEntries(own.map((name) => [name, { type: 'string' as const }])),
  };
  const { values, positionals } = parse(call.args, options);
  const given: Record<string, string | undefined> = {};
  for (const name of own) given[name] = typeof values[name] === 'string' ? values[name] : undefined;
  return {
    positionals,
    json: values['json'] === true,
    options: given,
    config: await findConfig(typeof values['config'] === 'string' ? values['config'] : undefined, call),
  };
}

/** The words of a command that takes nothing but options. */
export async function onlyOptions(call: CommandCall, own: readonly string[] = []): Promise<Omit<LocalWords, 'positionals'>> {
  const words = await readLocalWords(call, own);
  const [word] = words.positionals;
  if (word !== undefined) throw new UsageError(`${word} is one word too many`);
  return words;
}

/** The words of a command that is about one thing, and that thing. */
export async function oneWord(call: CommandCall, what: string): Promise<LocalWords & { readonly word: string }> {
  const words = await readLocalWords(call);
  const [word] = words.positionals;
  if (word === undefined || words.positionals.length > 1) throw new UsageError(`${what} is needed`);
  return { ...words, word };
}

/** Opens the configured store for one command. */
export async function withStore<T>(config: Config, act: (store: Store) => Promise<T>, schema: SchemaPolicy = 'advance'): Promise<T> {
  const url = config.database.kind === 'sqlite' ? `sqlite:${config.database.path}` : config.database.url.reveal();
  const store = await openStore(url, schema);
  try {
    return await act(store);
  } finally {
    await store.close();
  }
}

/** Opens store and keys for one command. What it does is logged to stderr only if it goes wrong. */
export async function withContext<T>(call: CommandCall, config: Config, act: (ctx: Context, now: number) => Promise<T>): Promise<T> {
  return withStore(config, (store) => inContext(call, { config, store, masterKey: call.env['HUFU_MASTER_KEY'] }, act));
}

/**
 * The same for a command that only looks, whatever its file says: a database that is not there yet is an empty one, and not made for it, no key is made in the store or in a file, and a schema that is older than this program stays.
 *
 * @param act is handed the names of keys that a server of the file would make, and that are there for the command alone
 */
export async function withReadOnlyContext<T>(
  call: CommandCall,
  config: Config,
  act: (ctx: Context, now: number, madeKids: ReadonlySet<string>) => Promise<T>,
  upkeep: readonly Upkeep[] = [],
): Promise<T> {
  const look = async (real: Store): Promise<T> => {
    const hasKeys = (await real.listKeys((await real.ensureTenant('default')).id)).length > 0;
    const masterKey = hasKeys ? call.env['HUFU_MASTER_KEY'] : ANY_MASTER_KEY;
    const { store, made } = readOnlyStore(real, upkeep);
    return inContext(call, { config, store, masterKey }, (ctx, now) => {
      const pairs = made.filter(({ publicJwk }) => publicJwk !== '');
      return act(ctx, now, new Set(pairs.map(({ publicJwk }) => thumbprint(publicJwk))));
    });
  };
  if (!isMissing(config)) return withStore(config, look, 'keep');
  call.err(`there is no database ${config.database.path} yet: hufu start makes it`);
  const empty = await (await import('@hufu/store/memory')).openMemory();
  return look(empty).finally(() => empty.close());
}

/** Whether the configured database is a file that nobody has made yet. */
export function isMissing(config: Config): config is Config & { readonly database: { readonly kind: 'sqlite' } } {
  return config.database.kind === 'sqlite' && !existsSync(config.database.path);
}

/** Good for keys that nobody keeps. */
const ANY_MASTER_KEY = Buffer.alloc(32, 1).toString('base64url');

async function inContext<T>(
  call: CommandCall,
  parts: Pick<ContextOptions, 'config' | 'store' | 'masterKey'>,
  act: (ctx: Context, now: number) => Promise<T>,
): Promise<T> {
  const log = jsonLog((line) => (line.includes('"level":"error"') ? call.err(line) : undefined), systemClock().nowMs);
  const ctx = await openContext({ ...parts, clock: systemClock(), log, actor: { kind: 'cli', id: '' } });
  return act(ctx, Math.floor(ctx.clock.nowMs() / 1000));
}

function parse(
  args: readonly string[],
  options: NonNullable<Parameters<typeof parseArgs>[0]>['options'],
): { values: Record<string, unknown>; positionals: readonly string[] } {
  try {
    return parseArgs({ args: [...args], allowPositionals: true, ...(options === undefined ? {} : { options }) });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : 'the words do not read');
  }
}

function findConfig(path: string | undefined, call: CommandCall): Promise<Config> {
  if (path !== undefined) return loadConfig(path, call.env);
  if (existsSync('hufu.yaml')) return loadConfig('hufu.yaml', call.env);
  const demo = readConfig({ text: DEMO_CONFIG, file: 'the demo', env: call.env });
  call.err(`no --config and no hufu.yaml here: using the demo's database in ${demo.dataDir}`);
  return Promise.resolve(demo);
}
