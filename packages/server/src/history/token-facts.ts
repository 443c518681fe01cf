import type { JudgedCall } from '../endpoints/client-endpoint.ts';
import { askedOf, type TokenFacts } from './facts.ts';

/** @param now seconds since 1970. */
export function tokenFacts({ form, client, trail, refused }: JudgedCall, now: number): TokenFacts {
  const { grant, user } = trail;
  return {
    kind: 'token',
    client: trail.clientId,
    auth: client?.metadata.tokenEndpointAuthMethod ?? '',
    ...askedOf(form),
    grant: grant?.id,
    // Where a grant is named each is its own anyway.
    at: grant === undefined ? undefined : now,
    idle: grant === undefined ? undefined : now - grant.rotatedAt,
    user,
    granted: refused === undefined ? trail.scopes : undefined,
    refused: refused === undefined ? undefined : { check: trail.reached.at(-1) ?? '', error: refused.code },
  };
}
