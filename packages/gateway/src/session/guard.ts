import { type EdgeReply, type EdgeRequest, problem } from './messages.ts';
import type { TokenHandler } from './token-handler.ts';

/**
 * Against requests that another site makes a browser send: a header that no form and no link can carry, and an `Origin`, where there is one, that is ours or listed
 * (draft-ietf-oauth-browser-based-apps §6.1.3.3.1, attacks SES-07). Undefined where it may pass.
 */
export function refuseForeign({ settings }: TokenHandler, request: EdgeRequest): EdgeReply | undefined {
  if (request.header('x-csrf') !== '1') return problem(403, 'csrf_header', 'requests with a session carry the header X-CSRF: 1');
  const origin = request.header('origin');
  if (origin !== undefined && origin !== settings.origin && !settings.origins.includes(origin))
    return problem(403, 'origin', 'the origin of the request is not listed');
  return undefined;
}
