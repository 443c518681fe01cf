import { introspect } from '../endpoints/introspect.ts';
import { revoke } from '../endpoints/revoke.ts';
import { type ClientKeyPair, clientKeyPair, signWith } from './client-assertions.ts';
import { post } from './visits.ts';
import { API, BASIC_YAML, ISSUER, START, type World } from './world.ts';

/** A client of a foreign issuer, and the issuer. */
export const IDP = 'https://idp.example';
export const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
export const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
export const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token';
/** What `payments` is asked for by the API. */
export const PAYMENTS = 'https://payments.example/';
export const GATE_SECRET = 'gate-secret-0123456789abcdef0123456789';
export const PARTNER_SECRET = 'partner-secret-0123456789abcdef012345';

export const robotKey: ClientKeyPair = await clientKeyPair('robot-1');
export const idpKey: ClientKeyPair = await clientKeyPair('idp-1');
export const strangerKey: ClientKeyPair = await clientKeyPair('idp-1');

let jtis = 0;

/** Claims of a good assertion of the issuer about alice. */
export function idpClaims(part: object = {}): Readonly<Record<string, unknown>> {
  return { iss: IDP, sub: 'alice', aud: ISSUER, exp: START + 300, iat: START, jti: `idp-${jtis++}`, ...part };
}

export function idpAssertion(part: object = {}, header: object = {}): string {
  return signWith(idpKey, idpClaims(part), header);
}

const keys = (pair: ClientKeyPair): string => JSON.stringify({ keys: [pair.jwk] });

/**
 * The basic world with: `robot`, a service account; `partner`, who may show what the issuer says; `gate`, which serves the API and exchanges tokens
 * for `payments`; and `ghost`, which may exchange without being named.
 */
export const EXCHANGE_YAML: string = `policies:
  brute_force: off
  trusted_issuers:
    - { issuer: '${IDP}', accepts: [jwt-bearer, token-exchange, id-jag], jwks: ${keys(idpKey)}, subject: username, clients: [partner, gate], scopes: [read, unlock] }
    - { issuer: '${IDP}/foreign', accepts: [jwt-bearer], jwks: ${keys(idpKey)}, clients: [partner], scopes: [read] }
    - { issuer: '${IDP}/mail', accepts: [jwt-bearer], jwks: ${keys(idpKey)}, subject: username, subject_claim: email, clients: [partner], scopes: [read] }
${BASIC_YAML.replace(
  '\nresources:',
  `
  - { client_id: robot, token_endpoint_auth_method: private_key_jwt, grant_types: ['${JWT_BEARER}'], scope: read write, jwks: ${keys(robotKey)} }
  - { client_id: partner, client_secret: ${PARTNER_SECRET}, grant_types: ['${JWT_BEARER}'], scope: read write unlock openid }
  - client_id: gate
    client_secret: ${GATE_SECRET}
    grant_types: ['${TOKEN_EXCHANGE}', client_credentials]
    hufu: { resource_server_of: ['${API}'], token_exchange: { audiences: ['${PAYMENTS}', urn:example:vault], scopes: [read, pay, unlock] } }
  - client_id: ghost
    client_secret: ${GATE_SECRET}
    grant_types: ['${TOKEN_EXCHANGE}']
    hufu: { resource_server_of: ['${API}', '${PAYMENTS}'], token_exchange: { audiences: ['${PAYMENTS}'], scopes: [read], impersonation: true } }
resources:`,
).replace('\nusers:', `\n  - { identifier: '${PAYMENTS}', scopes: [pay, read, write], token_format: jwt }\nusers:`)}`;

/** What an introspection says to that client. */
export function introspected(world: World, token: unknown, basic: string): ReturnType<typeof post> {
  return post(world, introspect, { token: String(token) }, { basic });
}

/** An introspection with whatever the client proves itself by. */
export function introspectWith(world: World, fields: Readonly<Record<string, string>>): ReturnType<typeof post> {
  return post(world, introspect, { token: 'x', ...fields });
}

/** A revocation; `basic` undefined: by the public client. */
export function revoked(world: World, token: unknown, basic?: string): ReturnType<typeof post> {
  const fields = { token: String(token), ...(basic === undefined ? { client_id: 'spa' } : {}) };
  return post(world, revoke, fields, basic === undefined ? {} : { basic });
}
