/** The parts of oidc-provider 9 that the benchmark uses; the package brings no types. */
declare module 'oidc-provider' {
  import type { IncomingMessage, ServerResponse } from 'node:http';

  export interface StoredPayload {
    [name: string]: unknown;
    grantId?: string;
    userCode?: string;
    uid?: string;
    consumed?: unknown;
  }

  /** As the library's documentation of `adapter` defines it. */
  export interface Adapter {
    upsert(id: string, payload: StoredPayload, expiresIn: number | undefined): Promise<void>;
    find(id: string): Promise<StoredPayload | undefined>;
    findByUserCode(userCode: string): Promise<StoredPayload | undefined>;
    findByUid(uid: string): Promise<StoredPayload | undefined>;
    consume(id: string): Promise<void>;
    destroy(id: string): Promise<void>;
    revokeByGrantId(grantId: string): Promise<void>;
  }

  interface Saved {
    save(): Promise<string>;
  }
  interface GrantModel extends Saved {
    addOIDCScope(scope: string): void;
    addResourceScope(resource: string, scope: string): void;
  }

  export class Provider {
    constructor(issuer: string, configuration: Readonly<Record<string, unknown>>);
    callback(): (request: IncomingMessage, response: ServerResponse) => void;
    readonly Grant: new (
      values: Readonly<Record<string, unknown>>,
    ) => GrantModel;
    readonly AuthorizationCode: new (
      values: Readonly<Record<string, unknown>>,
    ) => Saved;
    readonly Client: { find(id: string): Promise<unknown> };
  }
  export default Provider;
}
