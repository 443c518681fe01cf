import { OAuthError } from '@hufu/protocol/errors';
import { findAssertedSubject } from '../assertions/asserted-subject.ts';
import { verifySamlAssertion } from '../assertions/saml-assertion.ts';
import { assertionRefused } from '../assertions/trusted-issuers.ts';
import type { Context } from '../context.ts';
import type { TokenResponse } from '../tokens/token-response.ts';
import { issueAssertedToken, requireAssertedTarget, requireNoDetails } from './asserted-token.ts';
import type { TokenRequest } from './grant.ts';

/** The SAML 2.0 bearer grant (RFC 7522 §2.1): a trusted issuer speaks for somebody, to a client that it is configured with. */
export async function saml2Bearer(ctx: Context, request: TokenRequest): Promise<TokenResponse> {
  const { client, form, trail, now } = request;
  const text = form.get('assertion');
  if (text === undefined) throw new OAuthError('invalid_request', 'assertion is missing');
  requireNoDetails(request);
  const assertion = await verifySamlAssertion(ctx, text, { clientId: client.id, trail, now });
  if (assertion.kind === 'refused') throw assertionRefused(assertion.reason);
  const { issuer, nameId, authTime, mark } = assertion;
  trail.at('grant_assertion_subject');
  const subject = await findAssertedSubject(ctx, client, { ...issuer, subjectClaim: 'sub' }, { sub: nameId }, now);
  if (typeof subject === 'string') throw assertionRefused(subject);
  const target = requireAssertedTarget(ctx, request, [issuer.scopes]);
  return issueAssertedToken(ctx, request, { subject, authTime, mark }, target);
}
