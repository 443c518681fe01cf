import { readBearerToken } from '@hufu/protocol/bearer';
import { OAuthError } from '@hufu/protocol/errors';
import type { Context } from '../context.ts';
import type { Trail } from '../decisions/trail.ts';
import type { HttpRequest } from '../http.ts';
import { REFUSED, readInitialAccessToken, takeUse } from './initial-access-token.ts';
import { takeAttempt } from './throttle.ts';

/** Somebody who may register, once what they register has been judged. */
export interface Admission {
  /** Takes what cannot be given back: last, so that a mistake costs no use. Throws `invalid_token`. */
  take(): Promise<void>;
}

/** Whether whoever asks may register (`policies.registration`). Throws `invalid_token`, or `slow_down` where anybody may. */
export function admit(ctx: Context, http: HttpRequest, trail: Trail, now: number): Admission {
  trail.at('registration_open');
  const { registration } = ctx.config.policies;
  if (registration === 'off') throw new OAuthError('invalid_token', 'dynamic client registration is switched off here');
  if (registration === 'open') {
    trail.at('registration_throttle');
    takeAttempt(ctx, http);
    return { take: () => Promise.resolve() };
  }
  const authorization = http.headers['authorization'];
  const bearer = readBearerToken(typeof authorization === 'string' ? authorization : undefined);
  const token = bearer.kind === 'token' ? readInitialAccessToken(ctx, bearer.token, now) : undefined;
  if (token === undefined)
    throw new OAuthError('invalid_token', REFUSED, {
      detail: bearer.kind === 'token' ? 'it does not read, or has expired' : `it is ${bearer.kind}`,
    });
  return { take: () => takeUse(ctx, token, now) };
}
