import type { Admission } from './protect.ts';

/** A whole answer, as every framework can send one. */
export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The answer to a request that was refused (RFC 6750 §3): status and challenge, and the error as JSON too. */
export function refusalReply({ status, headers, error }: Extract<Admission, { kind: 'refused' }>): Reply {
  if (error === undefined) return { status, headers, body: '' };
  const body = JSON.stringify({ error: error.code, error_description: error.description });
  return { status, headers: { ...headers, 'content-type': 'application/json' }, body };
}
