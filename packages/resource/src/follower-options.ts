import { ALGORITHMS, type Algorithm } from './algorithms.ts';
import type { Clock } from './clock.ts';
import { findEndpointFault } from './discover.ts';
import type { Fetch } from './fetch-document.ts';
import { type Credentials, checkCredentials } from './introspection.ts';

export interface FollowerOptions {
  /** The authorization server, as for the verifier. */
  readonly issuer: string;
  /** Of a client that may read the feed (`hufu.follows_revocations`). */
  readonly credentials: Credentials;
  /** How this process is called in the issuer's table of who has enforced what; each gets a few random characters more. */
  readonly node: string;
  /** How old what is known may be before tokens are refused: 2 to 3,600 seconds, by default 10. */
  readonly maxAgeSeconds?: number;
  /** Entries that are kept: 1,000,000 by default. What does not fit makes the follower stop to vouch for anything. */
  readonly maxEntries?: number;
  /** By default `/oauth/revocations` below the issuer, where Hufu has it: metadata has no registered member for it. */
  readonly endpoint?: string;
  /** Where the issuer's keys are. Left out, its metadata says (RFC 8414 §3). */
  readonly jwksUri?: string;
  /** The algorithms that are accepted; by default all that we know and the runtime has. */
  readonly algorithms?: readonly Algorithm[];
  /** Instead of the global `fetch`. */
  readonly fetch?: Fetch;
  /** Time and chance, instead of the machine's. */
  readonly clock?: Clock;
}

/** @throws {TypeError} when an option is not what it says it is. */
export function checkFollowerOptions(options: FollowerOptions): void {
  const { issuer, node, maxAgeSeconds = 10, maxEntries = 1_000_000, endpoint, jwksUri, algorithms = ['ES256'] } = options;
  if (typeof issuer !== 'string' || findEndpointFault(issuer, issuer) !== undefined) throw new TypeError('issuer is not an https URI');
  checkCredentials(options.credentials);
  if (typeof node !== 'string' || !/^[\w.-]{1,40}$/.test(node)) throw new TypeError('node is not a name of 1 to 40 letters, digits, _ . -');
  if (!(typeof maxAgeSeconds === 'number' && maxAgeSeconds >= 2 && maxAgeSeconds <= 3_600))
    throw new TypeError('maxAgeSeconds is not a number from 2 to 3600');
  if (!(Number.isInteger(maxEntries) && maxEntries >= 1 && maxEntries <= 10_000_000))
    throw new TypeError('maxEntries is not a whole number up to 10,000,000');
  for (const [name, uri] of [
    ['endpoint', endpoint],
    ['jwksUri', jwksUri],
  ] as const) {
    const fault = uri === undefined ? undefined : typeof uri === 'string' ? findEndpointFault(uri, issuer) : 'is not a text';
    if (fault !== undefined) throw new TypeError(`${name} ${fault}`);
  }
  if (!Array.isArray(algorithms) || algorithms.length === 0 || !algorithms.every((alg) => ALGORITHMS.has(alg)))
    throw new TypeError('algorithms is not a list of algorithms that are known here');
}
