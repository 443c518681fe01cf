import type { Fetch } from './ask.ts';
import { type ClientAuthentication, publicClient } from './client-authentication.ts';
import { systemNowMs, until } from './clock.ts';
import { type DpopKeys, DpopNonces, newDpopKey } from './dpop.ts';
import { discover, isSafeAddress, type ServerMetadata } from './server-metadata.ts';

export interface ClientOptions {
  /** As the server writes it in its metadata, byte for byte. */
  readonly issuer: string;
  readonly clientId: string;
  /** `publicClient()` where it is left out. */
  readonly authentication?: ClientAuthentication;
  /**
   * Whether tokens are bound to a key (RFC 9449). `auto`: those of public clients, where the server's metadata offers it: then a refresh
   * token that somebody copied is worth nothing.
   */
  readonly dpop?: 'auto' | 'always' | 'never';
  /** `extractable` for tokens that are kept in a file; `sealed` otherwise. */
  readonly dpopKeys?: DpopKeys;
  /** The `alg` that ID tokens have to be signed with; otherwise one that the server's metadata lists. */
  readonly idTokenAlg?: string;
  /** Seconds that the server's clock may differ from ours: at most 300. */
  readonly clockToleranceSeconds?: number;
  readonly fetch?: Fetch;
  /** Milliseconds since 1970. */
  readonly nowMs?: () => number;
}

/** A client of one authorization server: what all requests have in common. It keeps metadata, keys and nonces, and no tokens. */
export interface Client {
  readonly issuer: string;
  readonly clientId: string;
  readonly authentication: ClientAuthentication;
  readonly dpop: 'auto' | 'always' | 'never';
  readonly dpopKeys: DpopKeys;
  readonly idTokenAlg: string | undefined;
  readonly clockToleranceSeconds: number;
  readonly fetch: Fetch;
  readonly nowMs: () => number;
  readonly nonces: DpopNonces;
  /**
   * What the server says of itself: asked once an hour, by one request for however many callers. What was known before serves until there is
   * an answer, so that only the first callers ever wait. Rejects with `ClientError`, or with the signal's reason.
   */
  metadata(signal?: AbortSignal): Promise<ServerMetadata>;
}

const METADATA_MS = 3_600_000;
/** Between two attempts while something is known. */
const METADATA_RETRY_MS = 60_000;

/** Throws `TypeError` for an issuer that is none, and for a runtime without WebCrypto (a page without https). */
export function createClient(options: ClientOptions): Client {
  const { issuer, clientId, clockToleranceSeconds = 30, nowMs = systemNowMs } = options;
  if (!isSafeAddress(issuer) || /[?#]/.test(issuer)) throw new TypeError('the issuer is not an https address without query');
  if (globalThis.crypto?.subtle === undefined) throw new TypeError('no WebCrypto here: it takes https, or localhost');
  if (!(clockToleranceSeconds >= 0 && clockToleranceSeconds <= 300)) throw new TypeError('clockToleranceSeconds is 0 to 300');
  const send: Fetch = options.fetch ?? ((url, init) => fetch(url, init));
  let known: { readonly metadata: ServerMetadata; readonly untilMs: number } | undefined;
  let underWay: Promise<ServerMetadata> | undefined;
  const learn = async (): Promise<ServerMetadata> => {
    try {
      const found = await discover(send, issuer);
      known = { metadata: found, untilMs: nowMs() + METADATA_MS };
      return found;
    } catch (error) {
      if (known !== undefined) known = { ...known, untilMs: nowMs() + METADATA_RETRY_MS };
      throw error;
    } finally {
      underWay = undefined;
    }
  };
  const metadata = async (signal?: AbortSignal): Promise<ServerMetadata> => {
    if (known !== undefined && nowMs() < known.untilMs) return known.metadata;
    underWay ??= learn();
    if (known === undefined) return until(underWay, signal);
    // What was true an hour ago serves while the server does not answer: nobody waits for one that hangs.
    underWay.catch(() => undefined);
    return known.metadata;
  };
  return {
    issuer,
    clientId,
    authentication: options.authentication ?? publicClient(),
    dpop: options.dpop ?? 'auto',
    dpopKeys: options.dpopKeys ?? 'sealed',
    idTokenAlg: options.idTokenAlg,
    clockToleranceSeconds,
    fetch: send,
    nowMs,
    nonces: new DpopNonces(),
    metadata,
  };
}

/** The key that new tokens are to be bound to (RFC 9449 §5.1); undefined where they are bound to none. */
export async function dpopKeyFor(client: Client): Promise<CryptoKeyPair | undefined> {
  if (client.dpop === 'never') return undefined;
  if (client.dpop === 'auto') {
    if (client.authentication.method !== 'none') return undefined;
    if (!(await client.metadata()).list('dpop_signing_alg_values_supported').includes('ES256')) return undefined;
  }
  return newDpopKey(client.dpopKeys);
}
