import { ExpiringIndex } from './expiring-index.ts';
import type { FeedEntry } from './feed-batch.ts';
import { readGrantName, type StatusPlace, type TokenMarks } from './marks.ts';
import { FINE, type Finding } from './revocations.ts';

/** Of what is revoked: only tokens that were issued at `before` or earlier. One object for all entries that say the same. */
interface Cut {
  readonly before: number;
  readonly finding: Finding;
}

/** What became of an entry: `known`: it says what is known already, `full`: there was no room, `unknown`: it is of a kind that we cannot look up. */
export type Taken = 'taken' | 'known' | 'info' | 'full' | 'unknown';

/** What an issuer has revoked, so that whether a token is among it costs a few looks into maps. Grants are numbers: 100,000 of them are a few megabytes. */
export class RevocationIndex {
  readonly #grants = new ExpiringIndex<number, Cut>();
  readonly #tokens = new ExpiringIndex<string, Cut>();
  readonly #subjects = new ExpiringIndex<string, Cut>();
  readonly #clients = new ExpiringIndex<string, Cut>();
  /** They never end, so they do not count towards the bound either. */
  readonly #keys = new Map<string, Cut>();
  readonly #cuts = new Map<string, Cut>();
  readonly #listPrefix: string;
  readonly #maxEntries: number;
  /** Read once for each token that is remembered, and gone with it. */
  readonly #places = new WeakMap<StatusPlace, number>();

  /** @param listPrefix what the address of a status list begins with, up to its number. */
  constructor(listPrefix: string, maxEntries: number) {
    this.#listPrefix = listPrefix;
    this.#maxEntries = maxEntries;
  }

  /** From now on `find` knows it. */
  take(entry: FeedEntry): Taken {
    const { kind, id } = entry;
    switch (kind) {
      case 'grant': {
        const name = readGrantName(id);
        return name === undefined ? 'unknown' : this.#put(this.#grants, grantNumber(name.list, name.index), entry);
      }
      case 'jti':
        return this.#put(this.#tokens, id, entry);
      case 'subject':
        return this.#put(this.#subjects, id, entry);
      case 'client':
        return this.#put(this.#clients, id, entry);
      case 'key':
        if (this.#keys.has(id)) return 'known';
        if (this.#keys.size >= MAX_KEYS) return 'full';
        this.#keys.set(id, this.#cut(entry));
        return 'taken';
      default:
        return entry.isInfo ? 'info' : 'unknown';
    }
  }

  /** `fine`: by what we know. */
  find(token: TokenMarks): Finding {
    const { kid, tokenId, clientId, issuedAt, status, lineage } = token;
    const own =
      (kid === undefined ? undefined : this.#keys.get(kid)?.finding) ??
      hit(this.#tokens.get(tokenId), issuedAt) ??
      hit(this.#clients.get(clientId), issuedAt) ??
      (this.#subjects.size === 0 ? undefined : hit(this.#subjects.get(token.subjectHash()), issuedAt));
    if (own !== undefined) return own;
    if (this.#grants.size > 0) {
      const place = status === undefined ? undefined : this.#placeOf(status);
      const found = place === undefined ? undefined : hit(this.#grants.get(place), issuedAt);
      if (found !== undefined) return found;
    }
    for (const { list, index, clientId: ancestor } of lineage) {
      const found = hit(this.#grants.get(grantNumber(list, index)), issuedAt) ?? hit(this.#clients.get(ancestor), issuedAt);
      if (found !== undefined) return found;
    }
    return FINE;
  }

  /** Whether a token says which grant of the issuer it is of. */
  isMarked({ status }: TokenMarks): boolean {
    return status !== undefined && this.#placeOf(status) !== undefined;
  }

  isBarred(kid: string): boolean {
    return this.#keys.has(kid);
  }

  /** @param now seconds since 1970. At most `max` entries fall. */
  sweep(now: number, max: number): void {
    let left = max;
    for (const index of [this.#grants, this.#tokens, this.#subjects, this.#clients]) left -= index.sweep(now, left);
  }

  get size(): number {
    return this.#grants.size + this.#tokens.size + this.#subjects.size + this.#clients.size + this.#keys.size;
  }

  #put<K extends string | number>(index: ExpiringIndex<K, Cut>, key: K, entry: FeedEntry): Taken {
    const known = index.get(key);
    if (known === undefined && this.size - this.#keys.size >= this.#maxEntries) return 'full';
    const cut = this.#cut(entry);
    const isKnown = known !== undefined && known.before >= cut.before;
    index.set(key, isKnown ? known : cut, entry.exp);
    return isKnown ? 'known' : 'taken';
  }

  #cut({ before, reason, at }: FeedEntry): Cut {
    const when = reason === REPLACED ? { at } : {};
    const name = `${before} ${reason} ${when.at}`;
    const known = this.#cuts.get(name);
    if (known !== undefined) return known;
    const cut: Cut = { before, finding: Object.freeze({ kind: 'revoked', reason: reason === '' ? undefined : reason, ...when }) };
    // Those with a date are as many as there are dates: only a few are shared.
    if (this.#cuts.size >= MAX_SHARED) this.#cuts.clear();
    this.#cuts.set(name, cut);
    return cut;
  }

  #placeOf(status: StatusPlace): number | undefined {
    const known = this.#places.get(status);
    if (known !== undefined) return known;
    const { uri, index } = status;
    if (!uri.startsWith(this.#listPrefix)) return undefined;
    const name = readGrantName(`${uri.slice(this.#listPrefix.length)}/${index}`);
    if (name === undefined) return undefined;
    const place = grantNumber(name.list, name.index);
    this.#places.set(status, place);
    return place;
  }
}

/** The one reason whose time people are told. */
const REPLACED = 'session_replaced';
const MAX_KEYS = 10_000;
const MAX_SHARED = 1_000;

/** 28 bits of list, 20 bits of place: exact in a number. */
function grantNumber(list: number, index: number): number {
  return list * 2 ** 20 + index;
}

function hit(cut: Cut | undefined, issuedAt: number): Finding | undefined {
  return cut !== undefined && issuedAt <= cut.before ? cut.finding : undefined;
}
