import { type ClientMetadata, type ClientMetadataReading, readClientMetadata } from '@hufu/protocol/client-metadata';
import type { Fault } from '@hufu/protocol/field-reader';
import { isLoopbackHost } from '@hufu/protocol/web-uri';
import type { Config } from '../config/config.ts';
import type { Context } from '../context.ts';
import { OPENID_SCOPES } from '../tokens/resources.ts';
import { strangersProfile } from './profile.ts';
import { isRefusedHost } from './refused-host.ts';
import { registriesOf } from './registries.ts';

/**
 * Reads metadata that nobody vouches for (RFC 7591 §2, OpenID Connect Registration §2): members that we don't know, and our own settings,
 * are as if they were not there; scopes that nothing here offers are left out. What it does not say about the algorithm of its ID tokens is RS256
 * where the server signs with it, else the first that it has. What `policies.registered_clients.profile` does not allow is refused.
 *
 * @param elsewhere members that the caller reads.
 */
export function readStranger(
  ctx: Context,
  input: Readonly<Record<string, unknown>>,
  elsewhere: readonly string[] = [],
): ClientMetadataReading {
  const { config } = ctx;
  const reading = readClientMetadata(input, {
    source: 'registration',
    registries: registriesOf(config),
    elsewhere,
    isHostRefused: (host) => isRefusedHost(host, config.policies.outboundAllowHosts),
  });
  if (reading.kind === 'refused') return reading;
  const faults = [...findImplicitFaults(reading.metadata), ...findProfileFaults(config, reading.metadata)];
  if (faults.length > 0) return { kind: 'refused', faults };
  return { kind: 'read', metadata: settle(ctx, reading.metadata) };
}

/** OpenID Connect Registration §2 `application_type`: what comes back through a browser to a web client comes by https, and not to this machine. */
function findImplicitFaults({ applicationType, grantTypes, redirectUris }: ClientMetadata): readonly Fault[] {
  if (applicationType !== 'web' || !grantTypes.includes('implicit')) return [];
  return redirectUris.flatMap((uri, at) => {
    const url = URL.parse(uri);
    const sound = url !== null && url.protocol === 'https:' && !isLoopbackHost(url.hostname);
    return sound
      ? []
      : [{ path: ['redirect_uris', at], message: 'is not an https URI of another machine, which implicit demands of web clients' }];
  });
}

function findProfileFaults(config: Config, metadata: ClientMetadata): readonly Fault[] {
  const faults = strangersProfile(config)?.findFaults(metadata) ?? [];
  return faults.map(({ member, message }) => ({ path: [member], message }));
}

function settle({ config }: Context, metadata: ClientMetadata): ClientMetadata {
  const known = new Set([...OPENID_SCOPES, ...config.resources.flatMap((resource) => resource.scopes)]);
  const scopes = metadata.scopes?.filter((scope) => known.has(scope)) ?? [];
  const [first = 'RS256'] = config.signing.algorithms;
  const unsaid = metadata.idTokenSignedResponseAlg === 'RS256' && !config.signing.algorithms.includes('RS256');
  return {
    ...metadata,
    scopes: scopes.length === 0 ? undefined : scopes,
    idTokenSignedResponseAlg: unsaid ? first : metadata.idTokenSignedResponseAlg,
  };
}
