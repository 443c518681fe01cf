import { oauthMetadataPath, openidConfigurationPath } from '@hufu/protocol/server-metadata';
import { findWebUriFault } from '@hufu/protocol/web-uri';
import { DocumentError, type Fetch, type FetchedDocument, fetchDocument } from './fetch-document.ts';

/**
 * Finds the address of an issuer's keys in its metadata (RFC 8414 §3; where that is not there, OpenID Connect Discovery §4). The metadata
 * must name the issuer byte for byte (RFC 8414 §3.3), and an https issuer has https keys. Rejects with `DocumentError`.
 */
export async function discoverJwksUri(fetch: Fetch, issuer: string): Promise<string> {
  const { origin } = new URL(issuer);
  const { body } = await firstThere(fetch, [origin + oauthMetadataPath(issuer), origin + openidConfigurationPath(issuer)]);
  const { issuer: named, jwks_uri: jwksUri }: { readonly issuer?: unknown; readonly jwks_uri?: unknown } = Object(body);
  if (named !== issuer) throw new DocumentError(issuer, 'its metadata names another issuer');
  if (typeof jwksUri !== 'string') throw new DocumentError(issuer, 'its metadata names no keys');
  const fault = findJwksUriFault(jwksUri, issuer);
  if (fault !== undefined) throw new DocumentError(issuer, `its jwks_uri ${fault}`);
  return jwksUri;
}

/** Why keys are not fetched from there, as the end of a sentence. */
export function findJwksUriFault(jwksUri: string, issuer: string): string | undefined {
  const fault = findWebUriFault(jwksUri, { fragment: 'refused' });
  if (fault !== undefined) return fault;
  return issuer.startsWith('https:') && !jwksUri.startsWith('https:') ? 'is not an https URI' : undefined;
}

/** The second is asked only where the first is not there; what is there and wrong is wrong. */
async function firstThere(fetch: Fetch, [first, second]: readonly [string, string]): Promise<FetchedDocument> {
  try {
    return await fetchDocument(fetch, first);
  } catch (error) {
    if (error instanceof DocumentError && error.status === 404 && second !== first) return fetchDocument(fetch, second);
    throw error;
  }
}
