import { formatBearerChallenge, formatDpopChallenge, type TokenScheme } from '@hufu/protocol/bearer';
import { DPOP_ALGS } from '@hufu/protocol/dpop';
import type { OAuthError } from '@hufu/protocol/errors';
import type { Context } from '../context.ts';
import type { HttpReply, HttpRequest } from '../http.ts';
import { json } from '../reply.ts';
import { dpopNonce, type NonceKind } from './nonce.ts';

/** What a refusal at a resource of ours says beside the error. */
export interface ResourceRefusal {
  /** Of the decision. */
  readonly decision: string;
  /** As the token came, or should have come. */
  readonly scheme: TokenScheme;
  /** That are needed (RFC 6750 §3). */
  readonly scope?: readonly string[];
  /** Where the resource describes itself (RFC 9728 §5.1). */
  readonly resourceMetadata?: string;
}

/** The refusal of a token or of its proof, with its challenge (RFC 6750 §3, RFC 9449 §7.1): 401 where a token endpoint would say 400. */
export function resourceRefusal(error: OAuthError, { decision, scheme, scope, resourceMetadata }: ResourceRefusal): HttpReply {
  const aboutProof = error.code === 'invalid_dpop_proof' || error.code === 'use_dpop_nonce';
  const headers: Record<string, string> = { 'hufu-decision': decision };
  // What is not there is so for whatever token.
  if (error.status < 500 && error.status !== 404) {
    const challenge = {
      error,
      ...(scope === undefined ? {} : { scope }),
      ...(resourceMetadata === undefined ? {} : { resourceMetadata }),
    };
    headers['www-authenticate'] =
      scheme === 'DPoP' || aboutProof ? formatDpopChallenge(challenge, DPOP_ALGS) : formatBearerChallenge(challenge);
  }
  if (error.retryAfterSeconds !== undefined) headers['retry-after'] = String(error.retryAfterSeconds);
  return json(aboutProof ? 401 : error.status, { error: error.code, error_description: error.description }, headers);
}

/** A request without a token is told of both ways to bring one, and of no error (RFC 6750 §3.1, RFC 9449 §7.1). */
export function noTokenReply(realm: string, decision: string, resourceMetadata?: string): HttpReply {
  const where = resourceMetadata === undefined ? {} : { resourceMetadata };
  const challenge = `${formatBearerChallenge({ realm, ...where })}, ${formatDpopChallenge(where, DPOP_ALGS)}`;
  return { status: 401, headers: { 'www-authenticate': challenge, 'hufu-decision': decision, 'cache-control': 'no-store' }, body: '' };
}

/** Every answer to a proof brings the nonce for the next one (RFC 9449 §8.2). */
export function withNonce(ctx: Context, http: HttpRequest, reply: HttpReply, kind: NonceKind): HttpReply {
  if (http.headers['dpop'] === undefined) return reply;
  return { ...reply, headers: { ...reply.headers, 'dpop-nonce': dpopNonce(ctx, kind, Math.floor(http.nowMs / 1000)) } };
}
