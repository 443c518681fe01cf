import type { Json } from './json.ts';
import type { ClientKey } from './keys.ts';
import type { ClientAuth } from './variant.ts';

/** A relying party as the provider knows it. */
export interface Client {
  readonly clientId: string;
  /** Absent where it proves itself by a key. */
  readonly secret: string | undefined;
  readonly auth: ClientAuth;
  readonly redirectUri: string;
  /** Where it wants to be after signing out. */
  readonly postLogoutRedirectUri: string;
  /** What it signs with now. */
  readonly key: ClientKey;
  /** The registration's answer; empty for one that stands in hufu.yaml. */
  readonly registration: Json;
  /** How its ID tokens are signed. */
  readonly idTokenAlg: string;
}
