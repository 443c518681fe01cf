import { join } from 'node:path';
import { USERS, usernameOf } from '../contract.ts';
import { HttpClient } from '../http-client.ts';
import type { Programs } from '../programs.ts';
import type { PeerName } from '../scenarios.ts';
import type { Credential, Launched, Running, Setting, Subject } from '../subject.ts';
import { readCredentials } from './floor.ts';
import { launchProgram, type SigningKeys } from './program.ts';
import { readMetadata } from './read-metadata.ts';
import { confirmIssued, readyCredentials } from './ready-credentials.ts';

/** oidc-provider with one of its two storages. */
export function oidcProvider(name: PeerName, programs: Programs, keys: SigningKeys, core: number | undefined): Subject {
  const launch = (setting: Setting): Promise<Launched> => {
    const own = name === 'oidc-provider-postgres' ? setting : { ...setting, postgresUrl: '' };
    return launchProgram(join(programs.bench, 'peers/oidc-provider.js'), own, keys, core);
  };
  return {
    name,
    launch,
    start: async (setting): Promise<Running> => {
      const { server, port } = await launch(setting);
      const client = new HttpClient(port, 32);
      const metadata = await server.orStop(async () => {
        await server.message();
        return readMetadata(client);
      });
      const { work } = setting.scenario;
      return {
        pid: server.pid,
        port,
        ...metadata,
        subjects: Array.from({ length: USERS }, (_, user) => usernameOf(user)),
        credentials: (count) => {
          const codes = async (): Promise<Credential[]> => readCredentials(await server.order({ count }));
          return readyCredentials(client, metadata.paths, work, count, codes);
        },
        confirm: (issued) => confirmIssued(client, metadata.paths, work, issued),
        stop: async () => {
          client.close();
          await server.stop();
        },
      };
    },
  };
}
