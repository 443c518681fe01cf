import type { Adapter, StoredPayload } from 'oidc-provider';

/** The peer's storage in memory, whose contents can be made older: the library's own clock cannot be set. */
export class AgingStorage {
  readonly #payloads: Map<string, StoredPayload> = new Map();

  /** As if so much time had gone by since everything was stored. */
  age(seconds: number): void {
    for (const payload of this.#payloads.values()) {
      for (const name of ['exp', 'iat', 'loginTs'] as const) {
        if (typeof payload[name] === 'number') payload[name] -= seconds;
      }
    }
  }

  adapter(model: string): Adapter {
    const payloads = this.#payloads;
    const find = (matches: (payload: StoredPayload) => boolean): StoredPayload | undefined => {
      for (const [key, payload] of payloads) if (key.startsWith(`${model}:`) && matches(payload)) return payload;
      return undefined;
    };
    return {
      async upsert(id, payload) {
        payloads.set(`${model}:${id}`, payload);
      },
      find: async (id) => payloads.get(`${model}:${id}`),
      findByUid: async (uid) => find((payload) => payload.uid === uid),
      findByUserCode: async (code) => find((payload) => payload.userCode === code),
      async consume(id) {
        const payload = payloads.get(`${model}:${id}`);
        if (payload !== undefined) payload.consumed = true;
      },
      async destroy(id) {
        payloads.delete(`${model}:${id}`);
      },
      async revokeByGrantId(grantId) {
        for (const [key, payload] of payloads) if (key.startsWith(`${model}:`) && payload.grantId === grantId) payloads.delete(key);
      },
    };
  }
}
