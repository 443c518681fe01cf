import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { nowMs } from '../clock.ts';
import { API_SCOPE, JWT_RESOURCE, MACHINE, USERS } from '../contract.ts';
import type { ProgramSettings } from '../floors/settings.ts';
import { type Jwk, newEcKey, publicEcKey } from '../jwk.ts';
import type { Work } from '../scenarios.ts';
import { ServerProcess } from '../server-process.ts';
import type { Launched, Setting } from '../subject.ts';

/** Private keys that the floor and the peer share. RSA with 2048 bits, as everywhere. */
export interface SigningKeys {
  readonly ec: Jwk;
  readonly rsa: Jwk;
}

export function makeSigningKeys(): SigningKeys {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' });
  return { ec: newEcKey('bench-ec'), rsa: { ...rsa, kid: 'bench-rsa', use: 'sig', alg: 'RS256' } };
}

/** The public half, as a JWK set shows it. */
export function publicKeys(keys: SigningKeys): Jwk[] {
  const { kty, crv, x, y, kid } = keys.ec;
  const { kty: rsaKty, n, e, kid: rsaKid } = keys.rsa;
  const ec: Jwk = { kid: String(kid), use: 'sig', alg: 'ES256', ...defined({ kty, crv, x, y }) };
  return [ec, { kid: String(rsaKid), use: 'sig', alg: 'RS256', ...defined({ kty: rsaKty, n, e }) }];
}

function defined(values: Readonly<Record<string, string | undefined>>): Jwk {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}

/** Makes the process of a floor or of the peer. */
export async function launchProgram(program: string, setting: Setting, keys: SigningKeys, core: number | undefined): Promise<Launched> {
  const port = await freePort();
  const settings = await writeSettings(setting, port, keys);
  const launchedAt = nowMs();
  // Hufu keeps its compiled code between starts, so the others may.
  const environment = { NODE_COMPILE_CACHE: join(setting.directory, 'compile-cache') };
  const server = new ServerProcess({ core, program: [program, settings], environment, channel: 'ipc' });
  return { server, port, tokenPath: '/token', launchedAt };
}

/** Writes what the program has to know and returns the file's path. */
async function writeSettings(setting: Setting, port: number, keys: SigningKeys): Promise<string> {
  const { work } = setting.scenario;
  const { document } = setting;
  const settings: ProgramSettings = {
    port,
    issuer: `http://127.0.0.1:${port}`,
    directory: setting.directory,
    postgresUrl: setting.postgresUrl,
    ecKey: keys.ec,
    rsaKey: keys.rsa,
    clientKey: { ...publicEcKey(setting.clientKey), kid: String(setting.clientKey.kid), alg: 'ES256' },
    work: work.kind,
    ...aboutGrant(work),
    users: USERS,
    documentHeaders: document?.headers.flat() ?? [],
    documentBody: document?.body ?? '',
  };
  const path = join(setting.directory, 'settings.json');
  await writeFile(path, JSON.stringify(settings));
  return path;
}

function aboutGrant(work: Work): Pick<ProgramSettings, 'clientId' | 'scope' | 'resource' | 'idToken'> {
  const grant = work.kind === 'par' ? work.asked : 'grant' in work ? work.grant : undefined;
  if (grant !== undefined) {
    const { client, scope, resource = '', idToken = '' } = grant;
    return { clientId: client.id, scope, resource, idToken };
  }
  return {
    clientId: MACHINE.id,
    scope: API_SCOPE,
    resource: 'resource' in work ? work.resource : JWT_RESOURCE,
    idToken: '',
  };
}

/** A port of 127.0.0.1 that nobody listens on at the moment. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  return address.port;
}
