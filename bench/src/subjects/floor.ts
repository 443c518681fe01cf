import { join } from 'node:path';
import { USERS, usernameOf } from '../contract.ts';
import { isMembers, readText } from '../json.ts';
import type { Programs } from '../programs.ts';
import type { Scenario } from '../scenarios.ts';
import type { Credential, Launched, Running, Setting, Subject } from '../subject.ts';
import { launchProgram, publicKeys, type SigningKeys } from './program.ts';

/** Which floor belongs to which work. */
function programOf(scenario: Scenario): string {
  switch (scenario.work.kind) {
    case 'client_credentials':
    case 'cold_start':
    case 'idle_rss':
      return 'client-credentials';
    case 'refresh':
      return scenario.database === 'postgres' ? 'refresh-postgres' : 'refresh';
    case 'code':
      return 'code-exchange';
    case 'introspection':
      return 'introspection';
    case 'userinfo':
      return 'userinfo';
    case 'document':
      return 'document';
    case 'par':
      return 'pushed-request';
    case 'dpop_token':
      return 'dpop-token';
    case 'private_key_jwt_token':
      return 'private-key-jwt-token';
    case 'device_poll':
      return 'device-poll';
    case 'token_exchange':
      return 'token-exchange';
  }
}

/** A bare `node:http` server per scenario that does only what nobody can leave out. One path is as good as another to it. */
export function floor(programs: Programs, keys: SigningKeys, core: number | undefined): Subject {
  const launch = (setting: Setting): Promise<Launched> => {
    return launchProgram(join(programs.bench, 'floors', `${programOf(setting.scenario)}.js`), setting, keys, core);
  };
  return {
    name: 'floor',
    launch,
    start: async (setting): Promise<Running> => {
      const { server, port } = await launch(setting);
      await server.orStop(() => server.message());
      return {
        pid: server.pid,
        port,
        issuer: `http://127.0.0.1:${port}`,
        paths: {
          authorization: '/oauth/authorize',
          token: '/oauth/token',
          introspection: '/oauth/introspect',
          userinfo: '/oauth/userinfo',
          jwks: '/oauth/jwks',
          discovery: '/',
          pushedRequest: '/oauth/par',
          deviceAuthorization: '/oauth/device_authorization',
        },
        keys: publicKeys(keys),
        subjects: Array.from({ length: USERS }, (_, user) => usernameOf(user)),
        credentials: async (count) => readCredentials(await server.order({ count })),
        confirm: async (issued) => {
          if ((await server.order({ confirm: issued })) !== true) throw new Error('what was just issued is not good');
        },
        stop: () => server.stop(),
      };
    },
  };
}

/** Credentials as a program sent them over its channel. */
export function readCredentials(answer: unknown): Credential[] {
  if (!Array.isArray(answer)) throw new TypeError('no credentials');
  return answer.map((item: unknown) => {
    if (!isMembers(item)) throw new TypeError('not a credential');
    return { value: readText(item, 'value'), subject: readText(item, 'subject') };
  });
}
