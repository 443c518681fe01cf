import { OAuthError } from '@hufu/protocol/errors';
import type { ProvedMethod } from '../sessions/methods.ts';
import type { UnderWay } from './way.ts';

/**
 * Throws `login_required` where a request wants people to authenticate now (`prompt=login`, `max_age`: OpenID Connect Core §3.1.2.1) and something of what was shown is older: an upstream
 * may say that it was.
 */
export function requireFresh({ ticket, request }: UnderWay, methods: readonly ProvedMethod[], now: number): void {
  const startedAt = Math.floor(ticket.startedMs / 1000);
  const { prompt, maxAge } = request;
  const anew = prompt.some((one) => one === 'login' || one === 'select_account' || one === 'create');
  const isStale = ({ at }: ProvedMethod): boolean => at < startedAt && (anew || (maxAge !== undefined && now - at > maxAge));
  if (methods.some(isStale)) throw new OAuthError('login_required', 'what was shown is older than the client takes');
}
