import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer, type Server, request as send } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { Secret } from '@hufu/server/config/secret';
import { type RunningEdge, runEdge } from '../../packages/hufu/src/edge/run-edge.ts';
import { type Running, startExample, waitFor } from '../examples/running.ts';
import { freePort, startHufu, type TestHufu } from './hufu.ts';

/** The example edge-spa with everything that belongs to it; what goes to the token endpoint passes by here. */
export interface EdgeExample {
  readonly issuer: string;
  /** Where the gateway is. */
  readonly app: string;
  /** Another gateway of the edge. */
  readonly other: string;
  /** Two gateways of another edge, which know nothing of the server but its address: with a secret and a database of their own. */
  readonly alone: readonly [string, string];
  readonly hufu: TestHufu;
  /** What the token endpoint was asked for, and what it said. */
  asked: { readonly grant: string; readonly said: string }[];
  /** Before the token endpoint sees a request. */
  delayMs: number;
  stop(): Promise<void>;
}

export const MEI = { username: 'mei', password: 'a tally in two halves' } as const;

/** @param more members of `gateway.session` beside those of the example @param change what else is different in its configuration */
export async function startEdgeExample(more: string = '', change: (yaml: string) => string = (yaml) => yaml): Promise<EdgeExample> {
  const [port, server, gateway, second, behind] = [
    await freePort(),
    await freePort(),
    await freePort(),
    await freePort(),
    await freePort(),
  ];
  const alone = [await freePort(), await freePort()] as const;
  const closing: (() => Promise<unknown> | void)[] = [];
  const stop = async (): Promise<void> => {
    for (const close of closing.splice(0).toReversed()) await close();
  };
  try {
    const issuer = `http://localhost:${port}`;
    const app = `http://localhost:${gateway}`;
    const yaml = change(readFileSync(new URL('../../examples/edge-spa/hufu.yaml', import.meta.url), 'utf8'))
      .replaceAll(/^(?:issuer|data_dir):.*\n/gm, '')
      .replace('  session:\n', () => `  session:\n${more}`)
      .replaceAll('${HUFU_ISSUER:-http://localhost:4400}', issuer)
      .replaceAll('${EDGE_URL:-http://localhost:4401}', app)
      .replaceAll('${SERVICE_URL:-http://localhost:3000}', `http://127.0.0.1:${behind}`);
    const hufu = await startHufu({ issuer, port: server, yaml });
    closing.push(() => hufu.stop());
    const example: EdgeExample = {
      issuer,
      app,
      other: `http://localhost:${second}`,
      alone: [`http://localhost:${alone[0]}`, `http://localhost:${alone[1]}`],
      hufu,
      asked: [],
      delayMs: 0,
      stop,
    };
    const proxy = await startCounting(port, server, example);
    closing.push(() => {
      proxy.closeAllConnections();
      proxy.close();
    });
    const service: Running = startExample('edge-spa', { PORT: String(behind) });
    closing.push(() => service.stop());
    await waitFor(`http://127.0.0.1:${behind}/`, service);
    const { config, log } = hufu.context;
    const written = config.gateway ?? assert.fail('no gateway');
    for (const listen of [undefined, { host: '127.0.0.1', port: second }]) {
      const edge: RunningEdge = await runEdge(config, { ...written, listen }, log, hufu.context);
      closing.push(() => edge.close());
    }
    const own = { ...written, name: 'alone', secrets: [new Secret('a secret of all gateways of one edge')] };
    for (const one of alone) {
      const edge = await runEdge(config, { ...own, listen: { host: '127.0.0.1', port: one } }, log);
      closing.push(() => edge.close());
    }
    return example;
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Stands where the issuer is. */
async function startCounting(port: number, server: number, example: EdgeExample): Promise<Server> {
  const listener = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', async () => {
      const body = Buffer.concat(chunks);
      const { method, url: path, headers } = request;
      const isToken = path === '/oauth/token';
      if (isToken && example.delayMs > 0) await sleep(example.delayMs);
      const on = send({ host: '127.0.0.1', port: server, method, path, headers }, (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
        if (isToken) {
          const said: Buffer[] = [];
          answer.on('data', (chunk: Buffer) => said.push(chunk));
          const grant = new URLSearchParams(body.toString()).get('grant_type') ?? '';
          answer.on('end', () => example.asked.push({ grant, said: Buffer.concat(said).toString() }));
        }
        answer.pipe(response);
      });
      on.on('error', () => response.destroy());
      on.end(body);
    });
  });
  await new Promise<void>((resolve) => listener.listen(port, 'localhost', resolve));
  return listener;
}
