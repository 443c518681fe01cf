import type { ClientKeys, ProfileCheck } from '@hufu/protocol/admin/clients';
import type { Profile } from '@hufu/protocol/profiles/profile';
import type { ClientKey } from '../client-keys/client-key.ts';
import type { Client } from '../client-record.ts';
import type { ServerFault } from '../registration/server-faults.ts';

/** What a profile wants of a client, by the demands that its registration is held to. */
export function profileCheck({ id, metadata }: Client, profile: Profile, held: boolean, server: readonly ServerFault[]): ProfileCheck {
  const demands = profile.findDemands(metadata).map(({ member, rule, values, has, faults }) => ({
    member,
    rule,
    values,
    has,
    met: faults.length === 0,
    faults: faults.map(({ message }) => message),
  }));
  const meets = server.length === 0 && demands.every(({ met }) => met);
  return { client_id: id, profile: profile.name, held, meets, demands, server };
}

interface Known {
  readonly keys: readonly ClientKey[];
  readonly fault: string | undefined;
  readonly fetchedAt: number | undefined;
}

/** The keys of a client by their names and kinds. */
export function clientKeysView({ jwks, jwksUri }: Client['metadata'], { keys, fault, fetchedAt }: Known): ClientKeys {
  return {
    source: jwksUri !== undefined ? 'jwks_uri' : jwks !== undefined ? 'jwks' : 'none',
    items: keys.map(({ kid, kty, crv, alg, use }) => ({
      kty,
      ...(kid === undefined ? {} : { kid }),
      ...(crv === undefined ? {} : { crv }),
      ...(alg === undefined ? {} : { alg }),
      ...(use === undefined ? {} : { use }),
    })),
    ...(jwksUri === undefined ? {} : { jwks_uri: jwksUri }),
    ...(fetchedAt === undefined ? {} : { fetched_at: fetchedAt }),
    ...(fault === undefined ? {} : { fault }),
  };
}
