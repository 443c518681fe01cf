import { oauthMetadataPath, openidConfigurationPath } from '@hufu/protocol/server-metadata';
import { findWebUriFault } from '@hufu/protocol/web-uri';
import { DocumentError, type Fetch, type FetchedDocument, fetchDocument } from './fetch-document.ts';

/** What an issuer's metadata is asked for. */
export type EndpointMember = 'jwks_uri' | 'introspection_endpoint';

/**
 * Finds an address in an issuer's metadata (RFC 8414 §3.1; where that is not there, OpenID Connect Discovery §4). The metadata must name the
 * issuer byte for byte (RFC 8414 §3.3), and an https issuer has https addresses. Rejects with `DocumentError`.
 */
export async function discoverEndpoint(fetch: Fetch, issuer: string, member: EndpointMember): Promise<string> {
  const { origin } = new URL(issuer);
  // RFC 8414 §3.1: without the slash that the issuer may end with.
  const named = issuer.replace(/\/$/, '');
  const { body } = await firstThere(fetch, [origin + oauthMetadataPath(named), origin + openidConfigurationPath(named)]);
  const metadata: Readonly<Record<string, unknown>> = Object(body);
  if (metadata['issuer'] !== issuer) throw new DocumentError(issuer, 'its metadata names another issuer');
  const uri = metadata[member];
  if (typeof uri !== 'string') throw new DocumentError(issuer, `its metadata names no ${member}`);
  const fault = findEndpointFault(uri, issuer);
  if (fault !== undefined) throw new DocumentError(issuer, `its ${member} ${fault}`);
  return uri;
}

/** Why nothing is fetched from there, as the end of a sentence. */
export function findEndpointFault(uri: string, issuer: string): string | undefined {
  const fault = findWebUriFault(uri, { fragment: 'refused' });
  if (fault !== undefined) return fault;
  return issuer.startsWith('https:') && !uri.startsWith('https:') ? 'is not an https URI' : undefined;
}

/** How long an address is believed before the metadata is read again. */
const MAX_LOCATED_MS = 24 * 3_600_000;

/** Between two looks that nothing but failures ask for: an issuer in trouble is not asked for its metadata with each of them. */
const DOUBT_COOL_DOWN_MS = 5_000;

/** Where one thing of an issuer is, found once a day, and once for however many ask. */
export class Location {
  readonly #find: () => Promise<string>;
  readonly #nowMs: () => number;
  #located: { readonly uri: string; readonly atMs: number } | undefined;
  #underWay: Promise<string> | undefined;
  #isDoubted = false;
  #doubtedAtMs: number | undefined;

  /** @param given the address, where it need not be found. */
  constructor(fetch: Fetch, issuer: string, member: EndpointMember, given: string | undefined, nowMs: () => number) {
    this.#find = given === undefined ? () => discoverEndpoint(fetch, issuer, member) : () => Promise.resolve(given);
    this.#nowMs = nowMs;
  }

  /** Rejects with `DocumentError`. */
  uri(): Promise<string> {
    const now = this.#nowMs();
    const isOld = this.#located === undefined || Math.abs(now - this.#located.atMs) >= MAX_LOCATED_MS;
    if (this.#located !== undefined && !isOld && !this.#isDoubted) return Promise.resolve(this.#located.uri);
    if (this.#isDoubted) this.#doubtedAtMs = now;
    this.#isDoubted = false;
    this.#underWay ??= this.#locate(now, isOld).finally(() => {
      this.#underWay = undefined;
    });
    return this.#underWay;
  }

  /** What was there may have moved: the next one who asks looks where it is, every 5 seconds at most. */
  forget(): void {
    const now = this.#nowMs();
    const sinceMs = this.#doubtedAtMs === undefined ? Number.POSITIVE_INFINITY : Math.abs(now - this.#doubtedAtMs);
    if (sinceMs >= DOUBT_COOL_DOWN_MS) this.#isDoubted = true;
  }

  async #locate(now: number, isOld: boolean): Promise<string> {
    try {
      const uri = await this.#find();
      this.#located = { uri, atMs: now };
      return uri;
    } catch (error) {
      // Where it was is the best guess as long as nobody can say where it is.
      if (this.#located !== undefined && !isOld) return this.#located.uri;
      throw error;
    }
  }
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
