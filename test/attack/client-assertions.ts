import assert from 'node:assert/strict';
import { clientId } from '@hufu/protocol/ids';
import { assertionClaims, assertionForm, type ClientKeyPair, signWith } from '@hufu/server/testing/client-assertions';
import { type JsonReply, postForm } from '../support/agent.ts';
import type { Arena } from './oracles.ts';
import { now } from './token-requests.ts';

/** What a client asks for with an assertion. */
export const GRANT = { grant_type: 'client_credentials', scope: 'read' } as const;

/** A client that is there from now on, as if it had registered, with the metadata that is handed in. */
export async function putClient(here: Arena, id: string, metadata: object): Promise<void> {
  const { store, context } = here.hufu;
  await store.putClient(
    context.tenant,
    {
      clientId: clientId(id),
      metadata: { token_endpoint_auth_method: 'private_key_jwt', grant_types: ['client_credentials'], scope: 'read', ...metadata },
      secrets: [],
      enabled: true,
      source: 'registered',
    },
    now(here),
  );
}

/** An assertion of that client for this server, good for a minute; claims and header members as handed in. */
export function assertion(here: Arena, id: string, pair: ClientKeyPair, part: object = {}, header: object = {}): string {
  const time = now(here);
  const jti = Math.random().toString(36);
  return signWith(pair, assertionClaims(id, { aud: here.issuer, iat: time, exp: time + 60, jti, ...part }), header);
}

/** The token request with that assertion; another endpoint gets its own fields. */
export function withAssertion(
  here: Arena,
  text: string,
  fields: Readonly<Record<string, string>> = GRANT,
  path = '/oauth/token',
): Promise<JsonReply> {
  return postForm(`${here.issuer}${path}`, { ...fields, ...assertionForm(text) });
}

/** What the decision record of a refusal says was wrong. */
export async function detailOf(here: Arena, reply: { readonly headers: Headers }): Promise<string> {
  const { context, store } = here.hufu;
  await context.decisions.settled();
  const decision = await store.findDecision(context.tenant, reply.headers.get('hufu-decision') ?? '');
  const { checks }: { checks: { outcome: string; detail?: string }[] } = JSON.parse(decision?.record ?? assert.fail('no decision'));
  return checks.find(({ outcome }) => outcome === 'failed')?.detail ?? '';
}
