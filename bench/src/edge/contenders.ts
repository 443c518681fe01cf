import { fileURLToPath } from 'node:url';
import type { Cores } from '../cores.ts';
import { isMembers } from '../json.ts';
import { ServerProcess } from '../server-process.ts';
import { freePort } from '../subjects/program.ts';
import type { BenchIssuer } from './work.ts';

/** The programs that are measured; the first is what the others are measured by. */
export const CONTENDERS = ['floor', 'gateway', 'core', 'fastify-http-proxy', 'http-proxy-3'] as const;

export type Contender = (typeof CONTENDERS)[number];

/** A proxy that runs, with how to reach it. */
export interface Edge {
  readonly name: Contender;
  readonly port: number;
  readonly server: ServerProcess;
}

/** Everything of one run: what stands behind, the issuer, and the proxies side by side, each a process of its own. */
export interface Field {
  readonly upstreamPort: number;
  readonly tokens: readonly string[];
  readonly edges: readonly Edge[];
  stop(): Promise<void>;
}

/**
 * Starts them. Those that nobody asks anything at the moment take no processor time.
 *
 * @param connections to the upstream, at most.
 */
export async function startField(names: readonly Contender[], cores: Cores, connections: number): Promise<Field> {
  const started: ServerProcess[] = [];
  const start = async (program: string, core: number | undefined, args: readonly string[]): Promise<[ServerProcess, unknown]> => {
    const server = new ServerProcess({
      core,
      program: [fileURLToPath(new URL(`${program}.ts`, import.meta.url)), ...args],
      channel: 'ipc',
    });
    started.push(server);
    return [server, await server.message()];
  };
  const stop = async (): Promise<void> => {
    for (const server of started.toReversed()) await server.stop();
  };
  try {
    const upstreamPort = await freePort();
    await start('upstream', cores.load, [String(upstreamPort)]);
    const [, message] = await start('issuer', cores.load, []);
    const { issuer, tokens } = readIssuer(message);
    const edges: Edge[] = [];
    for (const name of names) {
      const port = await freePort();
      const [server] = await start(name, cores.server, [String(port), String(upstreamPort), String(connections), issuer]);
      edges.push({ name, port, server });
    }
    return { upstreamPort, tokens, edges, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The channel's other end is our own code of the same version. */
function readIssuer(message: unknown): BenchIssuer {
  const answer = isMembers(message) ? message['answer'] : undefined;
  if (!isMembers(answer) || typeof answer['issuer'] !== 'string' || !Array.isArray(answer['tokens'])) throw new TypeError('no issuer');
  return { issuer: answer['issuer'], tokens: answer['tokens'].map(String) };
}
