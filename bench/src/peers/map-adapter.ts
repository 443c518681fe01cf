import type { Adapter, StoredPayload } from 'oidc-provider';

const payloads = new Map<string, StoredPayload>();
/** Keys of everything that a grant's revocation takes along. */
const keysOfGrants = new Map<string, Set<string>>();
const idsOfUids = new Map<string, string>();
const idsOfUserCodes = new Map<string, string>();

const GRANTABLE: ReadonlySet<string> = new Set([
  'AccessToken',
  'AuthorizationCode',
  'RefreshToken',
  'DeviceCode',
  'BackchannelAuthenticationRequest',
]);

/**
 * oidc-provider's storage in memory, as its own example but without forgetting: the bundled adapter drops everything beyond 1,000
 * entries. Expiry is left to the library, which checks it on everything it reads; nothing is swept during a run.
 */
export class MapAdapter implements Adapter {
  readonly #model: string;

  constructor(model: string) {
    this.#model = model;
  }

  async upsert(id: string, payload: StoredPayload): Promise<void> {
    const key = this.#key(id);
    payloads.set(key, payload);
    const { grantId, uid, userCode } = payload;
    if (grantId !== undefined && GRANTABLE.has(this.#model)) {
      const keys = keysOfGrants.get(grantId);
      if (keys === undefined) keysOfGrants.set(grantId, new Set([key]));
      else keys.add(key);
    }
    if (uid !== undefined) idsOfUids.set(uid, id);
    if (userCode !== undefined) idsOfUserCodes.set(userCode, id);
  }

  async find(id: string): Promise<StoredPayload | undefined> {
    return payloads.get(this.#key(id));
  }

  async findByUid(uid: string): Promise<StoredPayload | undefined> {
    return this.find(idsOfUids.get(uid) ?? '');
  }

  async findByUserCode(userCode: string): Promise<StoredPayload | undefined> {
    return this.find(idsOfUserCodes.get(userCode) ?? '');
  }

  async consume(id: string): Promise<void> {
    const payload = payloads.get(this.#key(id));
    if (payload !== undefined) payload.consumed = true;
  }

  async destroy(id: string): Promise<void> {
    payloads.delete(this.#key(id));
  }

  async revokeByGrantId(grantId: string): Promise<void> {
    for (const key of keysOfGrants.get(grantId) ?? []) payloads.delete(key);
    keysOfGrants.delete(grantId);
  }

  #key(id: string): string {
    return `${this.#model}:${id}`;
  }
}
