import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { nowMs, sleep } from '../clock.ts';
import { USERS } from '../contract.ts';
import { HttpClient, mapConcurrently } from '../http-client.ts';
import { ServerProcess } from '../server-process.ts';
import type { Credential, Launched, Running, Setting, Subject } from '../subject.ts';
import { BrowserSession } from './browser-session.ts';
import { hufuConfig } from './hufu-config.ts';
import { freePort } from './program.ts';
import { readMetadata } from './read-metadata.ts';
import { confirmIssued, readyCredentials } from './ready-credentials.ts';

const READY_MS = 30_000;

/** Hufu as anybody starts it: `hufu start --config F`. Users sign in through its pages, once each. */
export function ours(program: string, core: number | undefined): Subject {
  const launch = async (setting: Setting): Promise<Launched> => {
    const port = await freePort();
    const config = join(setting.directory, 'hufu.yaml');
    await writeFile(config, JSON.stringify(hufuConfig(setting, port)));
    const launchedAt = nowMs();
    const server = new ServerProcess({ core, program: [program, 'start', '--config', config], channel: 'none' });
    return { server, port, tokenPath: '/oauth/token', launchedAt };
  };
  return {
    name: 'ours',
    launch,
    start: async (setting): Promise<Running> => {
      const { server, port } = await launch(setting);
      const client = new HttpClient(port, 32);
      const { work } = setting.scenario;
      const { metadata, sessions } = await server.orStop(async () => {
        await ready(client, server);
        const found = await readMetadata(client);
        return { metadata: found, sessions: 'grant' in work ? await signInAll(client, found.paths.token, work.grant) : [] };
      });
      return {
        pid: server.pid,
        port,
        ...metadata,
        subjects: sessions.map(({ subject }) => subject),
        credentials: async (count) => readyCredentials(client, metadata.paths, work, count, () => codes(sessions, count)),
        confirm: (issued) => confirmIssued(client, metadata.paths, work, issued),
        stop: async () => {
          client.close();
          await server.stop();
        },
      };
    },
  };
}

async function ready(client: HttpClient, server: ServerProcess): Promise<void> {
  const startedAt = nowMs();
  while (nowMs() - startedAt < READY_MS) {
    if (server.hasEnded) throw new Error(`hufu ended: ${server.output}`);
    const answer = await client.send('/readyz').catch(() => undefined);
    if (answer?.status === 200) return;
    await sleep(20);
  }
  throw new Error(`hufu is not ready: ${server.output}`);
}

function signInAll(client: HttpClient, tokenPath: string, grant: Parameters<typeof BrowserSession.signIn>[2]): Promise<BrowserSession[]> {
  const users = Array.from({ length: USERS }, (_, user) => user);
  return mapConcurrently(users, 4, (user) => BrowserSession.signIn(client, tokenPath, grant, user));
}

function codes(sessions: readonly BrowserSession[], count: number): Promise<Credential[]> {
  const turns = Array.from({ length: count }, (_, index) => index % sessions.length);
  return mapConcurrently(turns, 32, async (turn) => {
    const session = sessions[turn];
    if (session === undefined) throw new TypeError('no sessions');
    return { value: await session.newCode(), subject: session.subject };
  });
}
