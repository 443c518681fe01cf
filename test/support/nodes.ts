import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readConfig } from '@hufu/server/config/read-config';
import type { Context } from '@hufu/server/context';
import { jsonLog } from '@hufu/server/log';
import { startServer } from '@hufu/server/start';
import type { Store } from '@hufu/store/port';
import { freePort } from './hufu.ts';

/** One of several servers of one issuer, in this process, over real sockets. */
export interface Node {
  /** Where this one is reached. */
  readonly origin: string;
  readonly context: Context;
  readonly logLines: readonly string[];
  /** Moves this node's clock alone. */
  advance(seconds: number): Promise<void>;
  /** Stops it at the beginning of the next second. */
  freeze(): Promise<void>;
  stop(): Promise<void>;
}

export interface NodeOptions {
  /** The node owns it and closes it. */
  readonly store: Store;
  /** Follows after `issuer`, `listen`, `mode` and `data_dir`. */
  readonly yaml: string;
  /** Of all of them. The node's own address where it is left out. */
  readonly issuer?: string;
  /** Another build of the server: a mutant's. */
  readonly startServer?: typeof startServer;
  readonly masterKey?: string;
}

/** Any 32 bytes: nodes of one database share it. */
export const MASTER_KEY: string = Buffer.alloc(32, 'tally').toString('base64url');

export async function startNode(options: NodeOptions): Promise<Node> {
  const port = await freePort();
  const directory = await mkdtemp(join(tmpdir(), 'hufu-node-'));
  const origin = `http://127.0.0.1:${port}`;
  const text = `issuer: ${options.issuer ?? origin}\nlisten: 127.0.0.1:${port}\nmode: test\ndata_dir: ${directory}\n${options.yaml}`;
  const logLines: string[] = [];
  const log = jsonLog((line) => logLines.push(line), Date.now);
  const server = await (options.startServer ?? startServer)({
    config: readConfig({ text, file: 'test.yaml', env: {} }),
    store: options.store,
    log,
    masterKey: options.masterKey ?? MASTER_KEY,
  });
  return {
    origin,
    context: server.context,
    logLines,
    advance: (seconds) => moveClock(origin, { advance: `PT${seconds}S` }),
    freeze: () => moveClock(origin, { now: new Date(Math.ceil(server.context.clock.nowMs() / 1000) * 1000).toISOString() }),
    async stop() {
      await server.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function moveClock(origin: string, body: object): Promise<void> {
  const reply = await fetch(`${origin}/test/clock`, { method: 'PUT', body: JSON.stringify(body) });
  const text = await reply.text();
  if (reply.status !== 200) throw new Error(`the clock did not move: ${text}`);
}
