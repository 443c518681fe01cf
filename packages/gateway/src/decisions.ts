/** How far a request came at the edge, in order. */
export const EDGE_CHECKS = [
  'edge_request',
  'edge_endpoint',
  'edge_route',
  'edge_limits',
  'edge_identity',
  'edge_known_limits',
  'edge_passport',
  'edge_upstream',
] as const;

export type EdgeCheck = (typeof EDGE_CHECKS)[number];

/** A refusal of the edge, as it is kept. */
export interface EdgeRefusal {
  /** The check that failed; those before it passed. */
  readonly check: EdgeCheck;
  readonly status: number;
  readonly code: string;
  /** What the client is told. */
  readonly detail: string;
  /** What only the log may see; never a token. */
  readonly cause: string | undefined;
  /** Undefined where none was found. */
  readonly route: string | undefined;
  /** Who asked, where that is known. */
  readonly clientId: string | undefined;
}

/** Keeps why requests were refused. */
export interface EdgeDecisions {
  /** Answers with the id that goes out in `Hufu-Decision`. Never waits, never throws. */
  refuse(refusal: EdgeRefusal): string;
}
