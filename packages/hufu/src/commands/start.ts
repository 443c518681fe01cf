import { mkdirSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { systemClock } from '@hufu/server/clock';
import type { Config } from '@hufu/server/config/config';
import { loadConfig } from '@hufu/server/config/load-config';
import { renderProblem } from '@hufu/server/config/problem';
import { readConfig } from '@hufu/server/config/read-config';
import { jsonLog } from '@hufu/server/log';
import { startServer } from '@hufu/server/start';
import { openStore } from '@hufu/store/open';
import { type Command, UsageError } from '../command.ts';
import { DEMO_CONFIG } from '../demo/demo-config.ts';

/** The composition root: configuration, store, server. */
export const start: Command = {
  name: 'start',
  summary: 'starts the server',
  usage: 'hufu start [--config hufu.yaml] [--demo]',
  async run({ args, env, out, err }) {
    const { demo, config } = await readWords(args, env);
    for (const warning of config.warnings) err(renderProblem(warning));
    mkdirSync(config.dataDir, { recursive: true, mode: 0o700 });
    const store = await openStore(databaseUrl(config));
    const log = jsonLog(demo ? () => undefined : out, systemClock().nowMs);
    const server = await startServer({
      config,
      store,
      log,
      masterKey: env['HUFU_MASTER_KEY'],
      // Loaded only when it is wanted: a start should not read what it does not run.
      ...(demo ? { extraRoutes: (await import('../demo/demo-routes.ts')).demoRoutes } : {}),
    });
    if (demo) out((await import('../demo/demo-summary.ts')).demoSummary(config));
    await stopSignal();
    await server.close();
    return 0;
  },
};

async function readWords(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<{ readonly demo: boolean; readonly config: Config }> {
  const words = parse(args);
  if (words.demo && words.config === undefined) return { demo: true, config: readConfig({ text: DEMO_CONFIG, file: 'the demo', env }) };
  return { demo: false, config: await loadConfig(words.config ?? 'hufu.yaml', env) };
}

function parse(args: readonly string[]): { readonly config: string | undefined; readonly demo: boolean } {
  try {
    const { values } = parseArgs({ args: [...args], options: { config: { type: 'string' }, demo: { type: 'boolean', default: false } } });
    return { config: values.config, demo: values.demo };
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : 'the words do not read');
  }
}

function databaseUrl(config: Config): string {
  return config.database.kind === 'sqlite' ? `sqlite:${config.database.path}` : config.database.url.reveal();
}

/** Resolves at the first SIGINT or SIGTERM; a second one ends the process at once. */
function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
}
