/** Why the edge answers by itself. What is in it is public: never a token, never an address of an upstream. */
export interface Refusal {
  readonly kind: 'refused';
  readonly status: number;
  /** What decision records and metrics count by. */
  readonly code: string;
  /** One sentence for whoever sent the request. */
  readonly detail: string;
  /** Names and values in turn, sent with the answer. */
  readonly headers?: readonly string[];
  /** Nobody knows for sure where the request ends: nothing that follows it on its connection is read. */
  readonly ends?: true;
}

/** Makes a refusal. */
export function refuse(status: number, code: string, detail: string, headers?: readonly string[]): Refusal {
  return headers === undefined ? { kind: 'refused', status, code, detail } : { kind: 'refused', status, code, detail, headers };
}
