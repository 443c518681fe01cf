/** What somebody may begin a sign-in with as the server is set up now: nothing else of what they have is a way in. */
export interface OpenWays {
  readonly password: boolean;
  readonly passkey: boolean;
  /** They read mail at an address that lets them in. */
  readonly mail: boolean;
  /** Names of the upstreams. */
  readonly upstreams: readonly string[];
}
