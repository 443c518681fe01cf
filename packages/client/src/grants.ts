import { ACCESS_TOKEN_TYPE } from '@hufu/protocol/token-types';
import type { Client } from './client.ts';
import { type ServiceAccount, signAssertion } from './private-key.ts';
import { type RawTokenAnswer, requestTokens } from './token-endpoint.ts';
import { type Tokens, takeTokens } from './tokens.ts';

const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer';

/** What a token is wanted for. */
export interface TokenWish {
  readonly scope?: string | undefined;
  /** APIs that the token is for (RFC 8707 §2). */
  readonly resource?: string | readonly string[] | undefined;
  /** RFC 9396 §2. */
  readonly authorizationDetails?: readonly object[];
  /** What the token is to be bound to (RFC 9449 §5): there has to be one for a client that says `dpop: 'always'`. */
  readonly dpopKey?: CryptoKeyPair | undefined;
  readonly signal?: AbortSignal;
}

/** A token for the client itself (RFC 6749 §4.4). Throws `ClientError`; `TypeError` for a client that binds all tokens, and no key. */
export async function clientCredentials(client: Client, wish: TokenWish = {}): Promise<Tokens> {
  return takeTokens(client, await byClientCredentials(client, wish), kindOf(wish));
}

/** The same, unchecked: for `createRenewer`. */
export function byClientCredentials(client: Client, wish: TokenWish): Promise<RawTokenAnswer> {
  return requestGrant(client, 'client_credentials', wish, []);
}

/** A token for whoever an assertion speaks of (RFC 7523 §2.1). Throws `ClientError`. */
export async function jwtBearer(client: Client, assertion: string, wish: TokenWish = {}): Promise<Tokens> {
  return takeTokens(client, await requestGrant(client, JWT_BEARER, wish, [['assertion', assertion]]), kindOf(wish));
}

/** A token for a service account that signs for itself (RFC 7523 §2.1): the key is the account's. Throws `ClientError`. */
export async function serviceAccountToken(client: Client, account: ServiceAccount, wish: TokenWish = {}): Promise<Tokens> {
  return takeTokens(client, await byServiceAccount(account)(client, wish), kindOf(wish));
}

/** The same, unchecked: for `createRenewer`. */
export function byServiceAccount({ name, key }: ServiceAccount): (client: Client, wish: TokenWish) => Promise<RawTokenAnswer> {
  return async (client, wish) => {
    // The assertion says it all: whoever says a client id as well says that they are a client with a proof of its own.
    const alone: Client = { ...client, authentication: { method: 'none', apply: () => undefined } };
    const assertion = await signAssertion(key, { iss: name, sub: name, aud: client.issuer }, client.nowMs());
    return requestGrant(alone, JWT_BEARER, wish, [['assertion', assertion]]);
  };
}

/** A token that stands behind another (RFC 8693 §2.1). */
export interface ExchangeWish extends TokenWish {
  /** Whom the new token is to speak for. */
  readonly subjectToken: string;
  /** An access token where it is left out. */
  readonly subjectTokenType?: string;
  /** Who acts for them (delegation, §1.1). */
  readonly actorToken?: string;
  readonly actorTokenType?: string;
  readonly requestedTokenType?: string;
  readonly audience?: string | readonly string[];
}

/** Makes one token of another (RFC 8693 §2). Throws `ClientError`. */
export async function exchangeToken(client: Client, wish: ExchangeWish): Promise<Tokens> {
  const answer = await requestGrant(client, 'urn:ietf:params:oauth:grant-type:token-exchange', wish, [
    ['subject_token', wish.subjectToken],
    ['subject_token_type', wish.subjectTokenType ?? ACCESS_TOKEN_TYPE],
    ['actor_token', wish.actorToken],
    ['actor_token_type', wish.actorToken === undefined ? undefined : (wish.actorTokenType ?? ACCESS_TOKEN_TYPE)],
    ['requested_token_type', wish.requestedTokenType],
    ...[wish.audience ?? []].flat().map((audience) => ['audience', audience] as const),
  ]);
  return takeTokens(client, answer, kindOf(wish));
}

async function requestGrant(
  client: Client,
  grantType: string,
  { scope, resource, authorizationDetails, dpopKey, signal }: TokenWish,
  parameters: readonly (readonly [string, string | undefined])[],
): Promise<RawTokenAnswer> {
  // Whoever asked for bound tokens is not to get others without a word.
  if (client.dpop === 'always' && dpopKey === undefined) throw new TypeError('a client that binds all its tokens has to give a `dpopKey`');
  const wished: (readonly [string, string | undefined])[] = [
    ['scope', scope],
    ...[resource ?? []].flat().map((one) => ['resource', one] as const),
    ['authorization_details', authorizationDetails && JSON.stringify(authorizationDetails)],
  ];
  return requestTokens(client, grantType, { parameters: [...parameters, ...wished], dpopKey, signal });
}

function kindOf({ dpopKey }: TokenWish): 'Bearer' | 'DPoP' {
  return dpopKey === undefined ? 'Bearer' : 'DPoP';
}
