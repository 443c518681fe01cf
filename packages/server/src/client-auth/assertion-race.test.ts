import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readForm } from '@hufu/protocol/form';
import { openMemory } from '@hufu/store/memory';
import { withLatency } from '@hufu/store/slow';
import { Trail } from '../decisions/trail.ts';
import { assertionClaims, assertionForm, clientKeyPair, signWith, signWithSecret } from '../testing/client-assertions.ts';
import { openWorld, START } from '../testing/world.ts';
import { authenticateClient } from './authenticate-client.ts';

const pair = await clientKeyPair('a');
const SECRET = 'a-secret-of-the-client-0123456789abcdef';
const YAML = `policies: { brute_force: off }
clients:
  - { client_id: pair, token_endpoint_auth_method: private_key_jwt, grant_types: [client_credentials], jwks: ${JSON.stringify({ keys: [pair.jwk] })} }
  - { client_id: mac, client_secret: ${SECRET}, token_endpoint_auth_method: client_secret_jwt, grant_types: [client_credentials] }`;

test('of fifty who show one assertion to two nodes, one is let in (RFC 7523 §3, attacks TOK-12)', async () => {
  const store = await openMemory();
  const slow = (seed: number) => ({ store, yaml: YAML, wrap: () => withLatency(store, { seed, maxMs: 3 }) });
  const nodes = [await openWorld(slow(1)), await openWorld(slow(2))] as const;
  for (const assertion of [signWith(pair, assertionClaims('pair')), signWithSecret(SECRET, assertionClaims('mac'))]) {
    const form = readForm(new URLSearchParams(assertionForm(assertion)).toString());
    const outcomes = await Promise.allSettled(
      Array.from({ length: 50 }, (_, i) => {
        const { ctx, http } = nodes[i % 2 === 0 ? 0 : 1];
        return authenticateClient(ctx, http({ method: 'POST', path: '/oauth/token' }), form, new Trail(), START);
      }),
    );
    assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 1);
    for (const outcome of outcomes)
      if (outcome.status === 'rejected') assert.equal(Object(outcome.reason).detail, 'its jti has been used before');
  }
  for (const node of nodes) await node.close();
  await store.close();
});
