import { OAuthError } from '@hufu/protocol/errors';
import type { AssertionUse, TrustedIssuer } from '../config/config.ts';
import type { Context } from '../context.ts';

/** All that anybody learns of why an assertion was not taken. */
export const ASSERTION_REFUSED = 'the assertion is invalid, expired, used before, or not accepted from this client';

/** The issuer of that name whose word counts for that, from that client. A reason for the decision record where there is none. */
export function findTrustedIssuer(ctx: Context, issuer: unknown, use: AssertionUse, clientId: string): TrustedIssuer | string {
  const found = ctx.config.policies.trustedIssuers.find((candidate) => candidate.issuer === issuer);
  if (found === undefined) return `its issuer ${JSON.stringify(String(issuer).slice(0, 200))} is not trusted`;
  if (!found.accepts.includes(use)) return `its issuer is not trusted for ${use}`;
  return found.clients.includes(clientId) ? found : 'the client may not show what this issuer says';
}

/** RFC 7521 §4.1.1: everything that is wrong with an assertion is `invalid_grant`. */
export function assertionRefused(detail: string): OAuthError {
  return new OAuthError('invalid_grant', ASSERTION_REFUSED, { detail });
}
