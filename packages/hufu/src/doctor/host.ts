import { statfs } from 'node:fs/promises';
import { systemClock } from '@hufu/server/clock';
import type { Config } from '@hufu/server/config/config';
import { openRedis } from '@hufu/server/limits/open-redis';
import type { Log } from '@hufu/server/log';
import type { Finding } from './finding.ts';

const ANSWER_MS = 3_000;
const MIB = 1_048_576;

/** What the machine is like: its clock beside that of the server, its disk, and Redis. */
export async function checkHost(config: Config): Promise<readonly Finding[]> {
  return [...(await checkClock(config)), ...(await checkDisk(config.dataDir)), ...(await checkRedis(config))];
}

/** Whether the issuer answers, and what time it is there: tokens say when they were made, and end. */
async function checkClock({ issuer }: Config): Promise<readonly Finding[]> {
  const about = 'clock';
  let date: string | null;
  try {
    const reply = await fetch(`${issuer}/healthz`, { redirect: 'manual', signal: AbortSignal.timeout(ANSWER_MS) });
    date = reply.headers.get('date');
    await reply.body?.cancel();
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : 'no answer';
    return [{ level: 'warning', about: 'server', text: `nobody answers at ${issuer} (${cause}): is it running, and reached from here?` }];
  }
  const there = Date.parse(date ?? '');
  if (Number.isNaN(there)) return [];
  const apart = Math.round(Math.abs(there - systemClock().nowMs()) / 1000);
  if (apart <= 5) return [{ level: 'ok', about, text: `as at ${issuer}` }];
  const text = `${apart} seconds apart from that at ${issuer}: keep both by NTP, or fresh tokens are taken for old ones, or for ones of the future`;
  return [{ level: apart > 60 ? 'problem' : 'warning', about, text }];
}

async function checkDisk(folder: string): Promise<readonly Finding[]> {
  const found = await statfs(folder).catch(() => undefined);
  if (found === undefined) return [];
  const free = Math.floor((found.bavail * found.bsize) / MIB);
  const text = `${free >= 1_024 ? `${Math.floor(free / 1_024)} GiB` : `${free} MiB`} free in ${folder}`;
  return [{ level: free < 100 ? 'problem' : free < 1_024 ? 'warning' : 'ok', about: 'disk', text }];
}

/** As a start looks at it: whether it answers, and keeps what it was given. */
async function checkRedis({ redis, issuer, limits }: Config): Promise<readonly Finding[]> {
  if (redis === undefined) return [];
  let reason: string | undefined;
  const log: Log = {
    info: () => undefined,
    warn: (_, fields) => (reason = String(fields?.['reason'] ?? 'it does not answer')),
    error: (_, error) => (reason = error instanceof Error ? error.message : 'it does not answer'),
  };
  try {
    const opened = await openRedis({ url: redis, issuer, of: 'server', secret: 'doctor', nodes: limits === 'off' ? 1 : limits.nodes, log });
    await opened.close();
  } catch (error) {
    return [{ level: 'problem', about: 'redis', text: error instanceof Error ? error.message : 'cannot be used' }];
  }
  return reason === undefined
    ? [{ level: 'ok', about: 'redis', text: 'answers, and throws nothing away that it was given' }]
    : [{ level: 'problem', about: 'redis', text: `does not answer (${reason}): limits go by on_store_error until it does` }];
}
