import assert from 'node:assert/strict';
import { type Answer, authenticationRequest, type Changes, type Parameters, readSuccess, sendRequest } from './authorization.ts';
import type { Client } from './client.ts';
import { checkIdToken } from './id-token.ts';
import type { Json } from './json.ts';
import type { Jwt } from './jwt.ts';
import type { ModuleRun } from './module-run.ts';
import type { Journey } from './person.ts';
import { codeRequest, readTokens, type Tokens, tokenRequest } from './token-endpoint.ts';
import { requireUserinfo } from './userinfo.ts';
import { brings } from './variant.ts';

/** A sign-in from the request to the tokens, everything in it checked. */
export interface Flow {
  readonly parameters: Parameters;
  readonly journey: Journey;
  readonly answer: Answer;
  /** From the authorization endpoint. */
  readonly front: Jwt | undefined;
  /** From the token endpoint. */
  readonly back: Jwt | undefined;
  readonly tokens: Tokens | undefined;
  /** The newest access token; undefined for `response_type=id_token`. */
  readonly accessToken: string | undefined;
}

export interface FlowOptions {
  readonly changes?: Changes;
  /** Another way to send the request. */
  readonly send?: (parameters: Parameters) => Promise<Journey>;
  /** For the token request: a `code_verifier`. */
  readonly exchange?: Readonly<Record<string, string>>;
  /** `aud` of the client assertion. */
  readonly audience?: string;
}

/** Signs somebody in as the variant says, up to userinfo's answer. */
export async function signIn(run: ModuleRun, client: Client, options: FlowOptions = {}): Promise<Flow> {
  const parameters = authenticationRequest(run, client, options.changes);
  const send = options.send ?? ((request: Parameters) => sendRequest(run, request));
  return finish(run, client, parameters, await send(parameters), options);
}

/** The same from the moment when the browser is back. */
export async function finish(
  run: ModuleRun,
  client: Client,
  parameters: Parameters,
  journey: Journey,
  { exchange = {}, audience }: Pick<FlowOptions, 'exchange' | 'audience'> = {},
): Promise<Flow> {
  const { responseType } = run.variant;
  const answer = readSuccess(run, client, journey, parameters);
  const nonce = parameters['nonce'];
  const frontToken = answer.get('access_token');
  const code = answer.get('code');
  const text = answer.get('id_token');
  const front =
    text === undefined ? undefined : checkIdToken(run, client, text, { nonce, accessToken: frontToken, code, channel: 'front' });
  if (frontToken !== undefined) await requireUserinfo(run, frontToken);
  if (!brings(responseType, 'code') || code === undefined)
    return { parameters, journey, answer, front, back: undefined, tokens: undefined, accessToken: frontToken };

  const tokens = readTokens(await tokenRequest(run, client, codeRequest(client, code, exchange), audience));
  assert.ok(tokens.idToken !== undefined, 'token endpoint: no id_token');
  const back = checkIdToken(run, client, tokens.idToken, { nonce, accessToken: tokens.accessToken, code, channel: 'back' });
  // OpenID Connect Core §3.3.3.6
  if (front !== undefined)
    for (const name of ['iss', 'sub']) assert.equal(back.claims[name], front.claims[name], `${name} of the two ID tokens`);
  await requireUserinfo(run, tokens.accessToken);
  return { parameters, journey, answer, front, back, tokens, accessToken: tokens.accessToken };
}

/** The newest ID token. */
export function idTokenOf({ back, front }: Flow): Jwt {
  const token = back ?? front;
  assert.ok(token !== undefined, 'no ID token');
  return token;
}

/** The claims of each ID token of the sign-in. */
export function idTokenClaims({ front, back }: Flow): readonly Json[] {
  return [front, back].flatMap((token) => (token === undefined ? [] : [token.claims]));
}
