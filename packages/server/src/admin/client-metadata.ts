import { CLIENT_REGISTRIES, type ClientMetadata, readClientMetadata } from '@hufu/protocol/client-metadata';
import type { Fault } from '@hufu/protocol/field-reader';
import { MAC_ALGS } from '@hufu/protocol/jose-algorithms';
import type { Config } from '../config/config.ts';
import type { Context } from '../context.ts';
import { usualAlgorithm } from '../keys/usual-algorithm.ts';
import { isUsable } from '../sender/certificates.ts';
import { OWN_API_SCOPES } from '../tokens/own-apis.ts';
import { findResource } from '../tokens/resources.ts';
import { invalid } from './refusal.ts';
import { pointerStep } from './validate.ts';

/** Whose clients are named beside their attesters, in hufu.yaml. */
const ATTESTED = 'attest_jwt_client_auth';

/**
 * Metadata of a client that an administrator makes: as hufu.yaml has it, but for what only hufu.yaml gives: scopes of our own APIs (whoever makes a client gives it nothing
 * that they lack), and attesters. Throws every fault with its pointer.
 */
export function requireClientMetadata(ctx: Context, input: Readonly<Record<string, unknown>>): ClientMetadata {
  const { config } = ctx;
  const read = readClientMetadata(input, { source: 'configuration', registries: registriesOf(config) });
  if (read.kind === 'refused') throw refuse(read.faults);
  const { metadata } = read;
  const faults: Fault[] = [];
  if (metadata.scopes?.some((scope) => OWN_API_SCOPES.has(scope)) === true)
    faults.push({ path: ['scope'], message: 'has a scope of an API of our own, which clients of hufu.yaml alone may have' });
  for (const [at, identifier] of metadata.settings.resourceServerOf.entries())
    if (findResource(ctx, identifier) === undefined)
      faults.push({ path: ['hufu', 'resource_server_of', at], message: 'is no resource of this server' });
  if (metadata.settings.followsRevocations)
    faults.push({ path: ['hufu', 'follows_revocations'], message: 'is for clients of hufu.yaml alone' });
  if (faults.length > 0) throw refuse(faults);
  if (input['id_token_signed_response_alg'] !== undefined) return metadata;
  return { ...metadata, idTokenSignedResponseAlg: usualAlgorithm(config.signing.algorithms, 'RS256') };
}

function registriesOf(config: Config): typeof CLIENT_REGISTRIES {
  const methods = Object.entries(CLIENT_REGISTRIES.authMethods).filter(([name]) => name !== ATTESTED && isUsable(config, name));
  return {
    ...CLIENT_REGISTRIES,
    authMethods: Object.fromEntries(methods),
    idTokenAlgs: [...config.signing.algorithms, ...MAC_ALGS],
  };
}

function refuse(faults: readonly Fault[]): ReturnType<typeof invalid> {
  return invalid(
    faults.slice(0, 20).map(({ path, message }) => ({
      pointer: ['/metadata', ...path.map((step) => pointerStep(String(step)))].join('/'),
      detail: message,
    })),
  );
}
