import type { ErrorCode } from '@hufu/protocol/errors';
import type { Form } from '@hufu/protocol/form';
import type { AuthorizationRequest } from '../authorize/authorization-request.ts';
import type { Trail } from '../decisions/trail.ts';
import type { BrowserSession } from '../sessions/browser-session.ts';
import { standingOf } from '../sessions/standing.ts';
import { type AuthorizeFacts, paramsOf, sentParamsOf } from './facts.ts';

/**
 * An authorization request that got its answer.
 *
 * @param isNew whether the user signed in for it.
 * @param now seconds since 1970.
 */
export function answeredFacts(request: AuthorizationRequest, browser: BrowserSession, isNew: boolean, now: number): AuthorizeFacts {
  const { session, user } = browser;
  const { amr, methods, authTime } = standingOf(browser);
  return {
    kind: 'authorize',
    client: request.client.id,
    isPushed: request.pushed !== undefined,
    ...paramsOf(request.judged),
    session: {
      user: user.id,
      amr,
      methods,
      authAge: now - authTime,
      age: now - session.createdAt,
      isNew,
    },
    granted: request.scopes,
    refused: undefined,
  };
}

/** One that was refused at the endpoint. */
export function refusedFacts(form: Form, error: ErrorCode, trail: Trail): AuthorizeFacts {
  return {
    kind: 'authorize',
    client: trail.clientId,
    isPushed: false,
    ...sentParamsOf(form),
    session: undefined,
    granted: undefined,
    refused: { check: trail.reached.at(-1) ?? '', error },
  };
}
