import type { Admission, AdmissionReason } from './protect.ts';
import type { RefusedToken } from './verification.ts';

/** One thing that is looked at before a request may go on. */
export interface ExplainedCheck {
  readonly check: Check;
  /** `unknown`: it could not be told, and the caller was asked to try again. */
  readonly outcome: 'passed' | 'failed' | 'unknown' | 'not_reached';
  /** What was found, where the check failed: for your log, as strangers may have chosen it. Never a token or a secret. */
  readonly detail?: string;
  /** Which options have a say in it. */
  readonly options: readonly string[];
}

export type Check =
  | 'presented'
  | 'form'
  | 'type'
  | 'algorithm'
  | 'issuer'
  | 'key'
  | 'signature'
  | 'asked'
  | 'audience'
  | 'claims'
  | 'time'
  | 'revocation'
  | 'sender'
  | 'scope'
  | 'details'
  | 'authentication';

/** In the order in which they are made. */
const CHECKS: Readonly<Record<RefusedToken['by'], readonly Check[]>> = {
  jwt: ['presented', 'form', 'type', 'algorithm', 'issuer', 'key', 'signature', 'audience', 'claims', 'time'],
  introspection: ['presented', 'form', 'asked', 'issuer', 'type', 'audience', 'claims', 'time'],
};
const AFTER: readonly Check[] = ['revocation', 'sender', 'scope', 'details', 'authentication'];

const CHECK_OF: Readonly<Record<AdmissionReason, Check>> = {
  no_token: 'presented',
  malformed_request: 'presented',
  malformed: 'form',
  wrong_type: 'type',
  wrong_algorithm: 'algorithm',
  wrong_issuer: 'issuer',
  unknown_key: 'key',
  keys_unavailable: 'key',
  wrong_signature: 'signature',
  inactive: 'asked',
  introspection_unavailable: 'asked',
  wrong_audience: 'audience',
  wrong_claims: 'claims',
  unknown_binding: 'claims',
  expired: 'time',
  not_yet_valid: 'time',
  too_old: 'time',
  revoked: 'revocation',
  unmarked: 'revocation',
  revocations_unknown: 'revocation',
  sender_constrained: 'sender',
  wrong_scheme: 'sender',
  wrong_key: 'sender',
  wrong_proof: 'sender',
  nonce_needed: 'sender',
  proofs_unavailable: 'sender',
  unbound: 'sender',
  insufficient_scope: 'scope',
  insufficient_details: 'details',
  weak_authentication: 'authentication',
};

const OPTIONS: Readonly<Record<Check, readonly string[]>> = {
  presented: [],
  form: ['maxTokenLength', 'introspection', 'tokenPattern'],
  type: [],
  algorithm: ['algorithms'],
  issuer: ['issuer'],
  key: ['jwksUri'],
  signature: [],
  asked: ['introspection'],
  audience: ['audience'],
  claims: [],
  time: ['clockToleranceSeconds', 'maxTokenAgeSeconds'],
  revocation: ['revocations', 'introspection.jwts'],
  sender: ['baseUrl', 'certificate', 'nonces', 'replays', 'senderConstraint'],
  scope: ['scope'],
  details: ['authorizationDetails'],
  authentication: ['acrValues', 'maxAgeSeconds'],
};

/**
 * Why a token or a request was refused: all checks in their order, those that passed, the one that did not, with what was found and which options
 * to look at, and those that were not reached. For your log or an operator's page; a caller learns no more than the challenge says.
 */
export function explain(refused: RefusedToken | Extract<Admission, { kind: 'refused' }>): readonly ExplainedCheck[] {
  const failed = CHECK_OF[refused.reason];
  const { error } = refused;
  const outcome = error?.code === 'temporarily_unavailable' ? 'unknown' : 'failed';
  const detail = error?.detail ?? (error?.cause instanceof Error ? error.cause.message : undefined);
  const checks = [...CHECKS[refused.by], ...AFTER];
  const at = checks.indexOf(failed);
  return checks.map((check, place) => {
    const options = OPTIONS[check];
    if (place !== at) return { check, outcome: place < at ? 'passed' : 'not_reached', options };
    return detail === undefined ? { check, outcome, options } : { check, outcome, detail: detail.slice(0, 300), options };
  });
}
