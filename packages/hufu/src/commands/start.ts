import { mkdirSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { systemClock } from '@hufu/server/clock';
import type { Config } from '@hufu/server/config/config';
import type { GatewayConfig } from '@hufu/server/config/gateway-config';
import { loadConfig } from '@hufu/server/config/load-config';
import { renderProblem } from '@hufu/server/config/problem';
import { builtInClients } from '@hufu/server/console-client';
import { jsonLog, type Log } from '@hufu/server/log';
import { type RunningServer, startServer } from '@hufu/server/start';
import { openStore } from '@hufu/store/open';
import { type Command, UsageError } from '../command.ts';
import { consoleRoutes } from '../console/console-routes.ts';
import type { Demo } from '../demo/start-demo.ts';
import type { RunningEdge } from '../edge/run-edge.ts';
import { stopSignal } from '../stop-signal.ts';

/** The composition root: configuration, store, server. */
export const start: Command = {
  name: 'start',
  summary: 'starts the server',
  usage: 'hufu start [--config hufu.yaml] [--demo] [--json]',
  async run({ args, env, out, err }) {
    const { demo, json, config } = await readWords(args, env);
    // The log is JSON lines in any case; a person who tries the demo reads the summary instead.
    const forPeople = demo !== undefined && !json;
    for (const warning of config.warnings) err(renderProblem(warning));
    mkdirSync(config.dataDir, { recursive: true, mode: 0o700 });
    const store = await openStore(databaseUrl(config));
    const adminConsole = config.console ? consoleRoutes(err) : undefined;
    const log = jsonLog(forPeople ? () => undefined : out, systemClock().nowMs);
    const server = await startServer({
      config,
      store,
      log,
      masterKey: env['HUFU_MASTER_KEY'],
      extraRoutes: (ctx) => [...(demo?.routes(ctx) ?? []), ...(adminConsole?.routes(ctx) ?? [])],
      builtInClients,
    });
    const edge = config.gateway === undefined ? undefined : await startEdge(config, config.gateway, server, log, demo);
    if (forPeople) {
      const { demoSummary } = await import('../demo/demo-summary.ts');
      out(demoSummary(config, edge === undefined ? undefined : config.gateway?.origins[0]));
    }
    await stopSignal();
    await edge?.close();
    await adminConsole?.close();
    await server.close();
    await demo?.close();
    return 0;
  },
};

/**
 * On a socket of its own: nothing that is behind the gateway has the origin of the server's pages. The demo goes on without it where its port is taken.
 */
async function startEdge(
  config: Config,
  gateway: GatewayConfig,
  server: RunningServer,
  log: Log,
  demo: Demo | undefined,
): Promise<RunningEdge | undefined> {
  try {
    // Loaded only when it is wanted: a start should not read what it does not run.
    return await (await import('../edge/run-edge.ts')).runEdge(config, gateway, log, server.context);
  } catch (error) {
    if (demo !== undefined && error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') return undefined;
    await server.close();
    await demo?.close();
    throw error;
  }
}

async function readWords(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<{ readonly demo: Demo | undefined; readonly json: boolean; readonly config: Config }> {
  const words = parse(args);
  const { json } = words;
  if (!words.demo || words.config !== undefined)
    return { demo: undefined, json, config: await loadConfig(words.config ?? 'hufu.yaml', env) };
  // As above.
  const demo = await (await import('../demo/start-demo.ts')).startDemo(env, systemClock().nowMs);
  return { demo, json, config: demo.config };
}

function parse(args: readonly string[]): { readonly config: string | undefined; readonly demo: boolean; readonly json: boolean } {
  try {
    const flag = { type: 'boolean', default: false } as const;
    const { values } = parseArgs({ args: [...args], options: { config: { type: 'string' }, demo: flag, json: flag } });
    return { config: values.config, demo: values.demo, json: values.json };
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : 'the words do not read');
  }
}

function databaseUrl(config: Config): string {
  return config.database.kind === 'sqlite' ? `sqlite:${config.database.path}` : config.database.url.reveal();
}
