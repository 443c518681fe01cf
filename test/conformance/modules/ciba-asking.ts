import { awaitDecision, finishCiba, pollInVain, signInCiba } from '../suite/ciba-flow.ts';
import { ask, assertAskRefused, type CibaRun, type CibaShape, decide, sendAsk } from '../suite/ciba-request.ts';
import type { FapiClient } from '../suite/fapi1-clients.ts';
import type { Json } from '../suite/json.ts';
import { signJwt } from '../suite/jwt.ts';
import type { CibaModule } from './ciba-module.ts';
import { spoil } from './fapi1-objects.ts';

/** A request of the first client that goes through although it is a little different. */
function taken(shape: CibaShape): CibaModule {
  return async (bench) => {
    await signInCiba(bench, bench.clients.first, shape);
  };
}

/** One that does not. */
function refused(shape: (bench: CibaRun) => CibaShape, codes: readonly string[] = ['invalid_request']): CibaModule {
  return async (bench) => {
    assertAskRefused(await sendAsk(bench, bench.clients.first, shape(bench)), codes);
  };
}

/** fapi-ciba-id1-ensure-authorization-request-with-binding-message-succeeds */
export const bindingMessage: CibaModule = taken({ claims: { binding_message: '1234' } });
/** fapi-ciba-id1-ensure-other-scope-order-succeeds */
export const otherScopeOrder: CibaModule = taken({ claims: { scope: 'email openid' } });
/** fapi-ciba-id1-ensure-requested-expiry-as-string-succeeds (OpenID Connect CIBA §7.1.1) */
export const expiryAsText: CibaModule = taken({ claims: { requested_expiry: '30' } });

const BAD_MESSAGE = `1234 👍🏿 品川 ${'Lorem ipsum dolor sit amet, consectetur adipiscing elit. '.repeat(6)}`;

/** fapi-ciba-id1-ensure-authorization-request-with-potentially-bad-binding-message: shown as it is, or refused as such. */
export const badBindingMessage: CibaModule = async (bench) => {
  const { first } = bench.clients;
  assertAskRefused(await sendAsk(bench, first, { claims: { binding_message: BAD_MESSAGE } }), ['invalid_binding_message']);
  const asked = await ask(bench, first, { claims: { binding_message: '1234 品川' } });
  await pollInVain(bench, asked);
  await decide(bench, asked, 'allow');
  await finishCiba(bench, asked, await awaitDecision(bench, asked));
};

/** fapi-ciba-id1-ensure-request-object-missing-…-fails (OpenID Connect CIBA §7.1.1) */
export function without(name: string): CibaModule {
  return refused(() => ({ claims: { [name]: undefined } }));
}

/** A claim that is a time so many minutes from now. */
export function minutesFromNow(name: string, minutes: number): CibaModule {
  return refused(({ run }) => ({ claims: { [name]: run.provider.nowSeconds() + minutes * 60 } }));
}

/** fapi-ciba-id1-ensure-request-object-bad-aud-fails */
export const badAud: CibaModule = refused(() => ({ claims: { aud: 'https://www.other1.example.com/' } }));
/** fapi-ciba-id1-ensure-request-object-bad-iss-fails */
export const badIss: CibaModule = refused(({ clients }) => ({ claims: { iss: clients.second.clientId } }));
/** fapi-ciba-id1-ensure-request-object-signature-algorithm-is-none-fails */
export const unsigned: CibaModule = refused(({ clients }) => ({ sign: signer('none', clients.first) }));
/** fapi-ciba-id1-ensure-request-object-signature-algorithm-is-RS256-fails */
export const rs256: CibaModule = refused(({ clients }) => ({ sign: signer('RS256', clients.first) }));
/** fapi-ciba-id1-ensure-request-object-signature-algorithm-is-bad-fails */
export const badSignature: CibaModule = refused(({ clients }) => ({ sign: (claims) => spoil(signer('PS256', clients.first)(claims)) }));
/** fapi-ciba-id1-ensure-request-object-signed-by-other-client-fails */
export const otherKey: CibaModule = refused(({ clients }) => ({ sign: signer('PS256', clients.second) }));
/** fapi-ciba-id1-ensure-authorization-request-with-multiple-hints-fails */
export const twoHints: CibaModule = refused(() => ({
  claims: { login_hint: 'join@example.com', login_hint_token: 'xxxxxxxxxxxxxxxxxxxx' },
}));
/** fapi-ciba-id1-ensure-unsigned-backchannel-authorization-request-fails */
export const withoutObject: CibaModule = refused(() => ({ as: 'fields' }));

const NOBODY: readonly string[] = ['access_denied', 'invalid_request', 'invalid_client'];

/** fapi-ciba-id1-ensure-without-client-assertion-in-backchannel-authorization-request */
export const withoutAssertion: CibaModule = refused(() => ({ proof: { with: 'none' } }), NOBODY);
/** fapi-ciba-id1-ensure-client-assertion-signature-algorithm-in-backchannel-authorization-request-is-RS256-fails */
export const assertionRs256: CibaModule = refused(() => ({ proof: { alg: 'RS256' } }), NOBODY);
/** fapi-ciba-id1-ensure-different-client-id-and-issuer-in-backchannel-authorization-request: the first client's request, the second one's name. */
export const otherClientId: CibaModule = refused(
  ({ clients, mutual }) => ({ sentAs: clients.second, proof: { from: mutual.first } }),
  ['invalid_client'],
);
/** fapi-ciba-id1-ensure-wrong-client-id-in-backchannel-authorization-request: the second one is named within too. */
export const wrongClientId: CibaModule = refused(
  ({ clients, mutual }) => ({ claims: { iss: clients.second.clientId }, sentAs: clients.second, proof: { from: mutual.first } }),
  NOBODY,
);

function signer(alg: 'RS256' | 'PS256' | 'none', { key }: FapiClient): (claims: Json) => string {
  return (claims) => signJwt({ alg, kid: key.kid }, claims, key.privateKey);
}
