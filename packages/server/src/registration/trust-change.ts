import type { ClientMetadata } from '@hufu/protocol/client-metadata';
import { sectorOf } from '../tokens/subject.ts';

/**
 * Whether somebody else could stand behind the client after the change: it proves itself in another way or with other keys, or its answers
 * go to another host. What was granted before is not theirs, nor is the consent (attacks REF-13, REG-16). Another `sub` for the same user is another client too.
 */
export function changesTrust(before: ClientMetadata, after: ClientMetadata): boolean {
  return describe(before) !== describe(after);
}

function describe(metadata: ClientMetadata): string {
  const places = new Set([...metadata.redirectUris, ...metadata.postLogoutRedirectUris].map(placeOf));
  return JSON.stringify([
    metadata.tokenEndpointAuthMethod,
    metadata.jwksUri,
    metadata.tlsClientAuth,
    metadata.jwks,
    metadata.subjectType,
    sectorOf(metadata),
    [...places].toSorted(),
  ]);
}

/** Where a redirect URI leads, without its path; all of it where that is nobody's host. */
function placeOf(uri: string): string {
  const url = URL.parse(uri);
  return url === null || url.origin === 'null' ? uri : url.origin;
}
