import { startHufu } from '../support/hufu.ts';
import { readJwks, type Side } from './side.ts';
import { RESOURCE, RESOURCE_SCOPES, USER, USER_CLAIMS, type World } from './world.ts';

/** Hufu with the world's configuration. */
export async function startOurs(world: World): Promise<Side> {
  const config = {
    limits: 'off',
    policies: { brute_force: 'off', registration: 'open', client_id_metadata_documents: 'off' },
    clients: world.clients.map(({ clientId, secret, thirdParty, resourceServer, metadata }) => ({
      client_id: clientId,
      ...(secret === undefined ? {} : { client_secret: secret }),
      ...metadata,
      hufu: {
        first_party: !thirdParty,
        max_grants_per_user: 10_000,
        ...(resourceServer ? { resource_server_of: [RESOURCE] } : {}),
      },
    })),
    resources: [{ identifier: RESOURCE, scopes: RESOURCE_SCOPES, token_format: 'opaque' }],
    users: [{ ...USER, claims: { sub: USER.username, ...USER_CLAIMS } }],
  };
  // JSON is YAML: one member a line, behind what the harness writes.
  const yaml = Object.entries(config)
    .map(([name, value]) => `${name}: ${JSON.stringify(value)}`)
    .join('\n');
  const hufu = await startHufu({ yaml });
  return {
    name: 'ours',
    issuer: hufu.issuer,
    jwks: await readJwks(hufu.issuer),
    advance: (seconds) => hufu.advance(`PT${seconds}S`),
    stop: () => hufu.stop(),
  };
}
