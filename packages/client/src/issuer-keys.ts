import { ask, type Fetch, malformed, refusal } from './ask.ts';
import type { Client } from './client.ts';
import { ktyOf, schemeOf } from './signature.ts';

export interface IssuerKeysOptions {
  readonly fetch: Fetch;
  readonly nowMs: () => number;
  uri(): Promise<string>;
}

/** Between two fetches that an unknown key asks for. */
const COOL_DOWN_MS = 5_000;
/** The same after a failure: somebody waits for the keys who asks again within seconds. */
const FAILED_MS = 1_000;
const FRESH_MS = 300_000;
const MAX_KEYS = 64;

/** The published keys of the issuer (RFC 7517 §5): fetched when first needed, again after five minutes, and for a `kid` that is not there. */
export class IssuerKeys {
  readonly #options: IssuerKeysOptions;
  #keys: readonly Readonly<Record<string, unknown>>[] = [];
  #fetchedAtMs = Number.NEGATIVE_INFINITY;
  #triedAtMs = Number.NEGATIVE_INFINITY;
  /** Of the last attempt; undefined: it went well. */
  #failure: unknown;
  #underWay: Promise<void> | undefined;

  constructor(options: IssuerKeysOptions) {
    this.#options = options;
  }

  /**
   * The key that a signature was made with. Without a `kid` there has to be one alone that fits: nothing is tried out.
   *
   * @returns undefined where the issuer publishes no such key. Throws `ClientError` where that cannot be told now.
   */
  async find(alg: string, kid: string | undefined): Promise<CryptoKey | undefined> {
    const now = this.#options.nowMs();
    if (!within(now, this.#fetchedAtMs, FRESH_MS) || this.#matching(alg, kid).length === 0) await this.#refresh(now);
    if (this.#matching(alg, kid).length === 0 && this.#failure !== undefined) throw this.#failure;
    const [key, ...more] = this.#matching(alg, kid);
    const scheme = schemeOf(alg);
    if (key === undefined || more.length > 0 || scheme === undefined) return undefined;
    return importKey(alg, scheme, key);
  }

  /** Fetches the keys where they are not known. Throws `ClientError` where none are, and none can be had now. */
  async ready(): Promise<void> {
    const now = this.#options.nowMs();
    if (!within(now, this.#fetchedAtMs, FRESH_MS)) await this.#refresh(now);
    if (this.#keys.length === 0 && this.#failure !== undefined) throw this.#failure;
  }

  #matching(alg: string, kid: string | undefined): readonly Readonly<Record<string, unknown>>[] {
    return this.#keys.filter(
      (key) =>
        key['kty'] === ktyOf(alg) &&
        (kid === undefined || key['kid'] === kid) &&
        (key['alg'] === undefined || key['alg'] === alg) &&
        (key['use'] === undefined || key['use'] === 'sig') &&
        (!alg.startsWith('ES') || key['crv'] === schemeOf(alg)?.namedCurve),
    );
  }

  /** Never rejects: keys that we know go on serving while the server is away. */
  #refresh(now: number): Promise<void> {
    const pauseMs = this.#failure === undefined ? COOL_DOWN_MS : FAILED_MS;
    if (this.#underWay === undefined && within(now, this.#triedAtMs, pauseMs)) return Promise.resolve();
    this.#triedAtMs = now;
    this.#underWay ??= this.#fetch(now)
      .then(
        () => {
          this.#failure = undefined;
        },
        (error: unknown) => {
          this.#failure = error;
        },
      )
      .finally(() => {
        this.#underWay = undefined;
      });
    return this.#underWay;
  }

  async #fetch(now: number): Promise<void> {
    const uri = await this.#options.uri();
    const answer = await ask(this.#options.fetch, uri, {});
    if (answer.status !== 200) throw refusal(answer, uri);
    const keys = answer.body?.['keys'];
    if (!Array.isArray(keys)) throw malformed(`${uri} is no JWK Set`);
    this.#keys = keys.slice(0, MAX_KEYS).map((key: unknown) => Object(key));
    this.#fetchedAtMs = now;
  }
}

const keysByClient = new WeakMap<Client, IssuerKeys>();

/** The keys of a client's issuer. Not a member of the client, so that a page which verifies nothing need not load this. */
export function keysOf(client: Client): IssuerKeys {
  const { fetch, nowMs } = client;
  const keys =
    keysByClient.get(client) ?? new IssuerKeys({ fetch, nowMs, uri: async () => (await client.metadata()).endpoint('jwks_uri') });
  keysByClient.set(client, keys);
  return keys;
}

/** Also not, where the clock was set back behind it. */
function within(now: number, since: number, ms: number): boolean {
  return now >= since && now - since < ms;
}

async function importKey(
  alg: string,
  scheme: EcKeyImportParams & RsaHashedImportParams,
  jwk: Readonly<Record<string, unknown>>,
): Promise<CryptoKey | undefined> {
  const { kty, crv, x, y, n, e } = jwk;
  // Only what is public, whatever else stands there by mistake.
  const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
  const members = Object.entries({ kty, crv, x, y, n, e }).flatMap(([name, value]) => (text(value) === undefined ? [] : [[name, value]]));
  const key = await crypto.subtle.importKey('jwk', Object.fromEntries(members), scheme, false, ['verify']).catch(() => undefined);
  // RFC 7518 §3.3: 2048 bits or more.
  return key !== undefined && ktyOf(alg) === 'RSA' && Number(Object(key.algorithm).modulusLength) < 2_048 ? undefined : key;
}
