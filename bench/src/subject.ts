import type { Jwk } from './jwk.ts';
import type { Scenario } from './scenarios.ts';
import type { ServerProcess } from './server-process.ts';

/** A credential that was got before the timing starts. */
export interface Credential {
  readonly value: string;
  /** The `sub` that answers about it carry. */
  readonly subject: string;
}

/** A document as a server sends it: what the floor of `jwks` and `discovery` has to match. */
export interface Document {
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string;
}

/** What a contender needs to start. */
export interface Setting {
  readonly scenario: Scenario;
  /** An empty folder of its own. Where `keepsData`, what the start before left is in it. */
  readonly directory: string;
  /** An empty database of its own; '' where the scenario needs none. */
  readonly postgresUrl: string;
  /** The private key of `SIGNER_ID`; contenders are given the public half. */
  readonly clientKey: Jwk;
  /** What Hufu answers to the document that the scenario asks for, where that is known. */
  readonly document: Document | undefined;
}

export interface Paths {
  readonly authorization: string;
  readonly token: string;
  readonly introspection: string;
  readonly userinfo: string;
  readonly jwks: string;
  readonly discovery: string;
  /** Undefined where the server has no such endpoint. */
  readonly pushedRequest: string | undefined;
  readonly deviceAuthorization: string | undefined;
}

/** A contender that runs. */
export interface Running {
  readonly pid: number;
  readonly port: number;
  readonly issuer: string;
  readonly paths: Paths;
  /** Its public keys. */
  readonly keys: readonly Jwk[];
  /** All values of `sub` that its users have. */
  readonly subjects: readonly string[];
  /**
   * What the scenario's requests carry: fresh codes, refresh tokens or access tokens, each of a grant of its own, or device codes that
   * nobody has decided about. How they are got is not timed.
   */
  credentials(count: number): Promise<Credential[]>;
  /** @throws Error unless all of these opaque access tokens, or request_uris, are good on the server that issued them */
  confirm(issued: readonly string[]): Promise<void>;
  /** Ends the process by its id and waits for its end. */
  stop(): Promise<void>;
}

/** A server process that may not be ready yet. */
export interface Launched {
  readonly server: ServerProcess;
  readonly port: number;
  readonly tokenPath: string;
  /** `nowMs` right before the process was made. */
  readonly launchedAt: number;
}

/** One of those that are compared. */
export interface Subject {
  readonly name: string;
  /** Makes the process, pinned to its core, and does not wait for it. */
  launch(setting: Setting): Promise<Launched>;
  /** Starts a server that is ready to answer. */
  start(setting: Setting): Promise<Running>;
}
