import assert from 'node:assert/strict';
import { authorizationUrl, type Changes, type Parameters } from '../suite/authorization.ts';
import type { HttpReply } from '../suite/https-client.ts';
import { checkIdToken } from '../suite/id-token.ts';
import type { Jwt } from '../suite/jwt.ts';
import { goThrough, type Journey } from '../suite/person.ts';
import type { Tokens } from '../suite/token-endpoint.ts';
import { readCode } from './answer.ts';
import type { FapiClient } from './clients.ts';
import type { FapiRun } from './fapi-run.ts';
import { type PushOptions, push, readPushed } from './push.ts';
import { type FapiRequest, fapiRequest } from './request.ts';
import { type ResourceOptions, requireResource } from './resource.ts';
import { readFapiTokens, type TokenOptions, tokenRequest } from './tokens.ts';

/** A request that is worth a code. */
export interface Coded {
  readonly request: FapiRequest;
  readonly requestUri: string;
  readonly journey: Journey;
  readonly code: string;
}

export interface FapiFlow extends Coded {
  readonly tokens: Tokens;
  readonly idToken: Jwt | undefined;
}

export interface CodeOptions {
  readonly changes?: Changes;
  readonly push?: PushOptions;
  readonly visit?: VisitOptions;
}

export interface VisitOptions {
  /** What else stands beside the request_uri, or in place of what stands there. */
  readonly beside?: Parameters;
  /** `none`: nothing but `client_id` stands beside it (RFC 9126 §4). */
  readonly duplicates?: 'none';
}

export interface FapiFlowOptions extends CodeOptions {
  readonly token?: TokenOptions;
  readonly resource?: ResourceOptions;
}

/** From the pushed request to the resource's answer, everything in it checked. */
export async function fapiSignIn(fapi: FapiRun, client: FapiClient, options: FapiFlowOptions = {}): Promise<FapiFlow> {
  const coded = await obtainCode(fapi, client, options);
  const tokens = readFapiTokens(fapi, await redeem(fapi, client, coded, options.token));
  const idToken = checkIdentity(fapi, client, coded, tokens);
  await requireResource(fapi, client, tokens.accessToken, options.resource);
  return { ...coded, tokens, idToken };
}

/** The same up to the code. */
export async function obtainCode(fapi: FapiRun, client: FapiClient, options: CodeOptions = {}): Promise<Coded> {
  const request = fapiRequest(fapi, client, options.changes);
  const { requestUri } = readPushed(await push(fapi, client, request, options.push));
  const journey = await visitPushed(fapi, request, requestUri, options.visit);
  return { request, requestUri, journey, code: readCode(fapi, client, journey, request) };
}

/** Sends the browser there; the person does what the pages ask. */
export async function visitPushed(fapi: FapiRun, request: FapiRequest, requestUri: string, options: VisitOptions = {}): Promise<Journey> {
  const { browser } = fapi.run;
  return goThrough(browser, await browser.visit(pushedUrl(fapi, request, requestUri, options)));
}

/** RFC 9126 §4. Like many clients the suite says again what RFC 6749 §4.1.1 demands, and whatever is not in the request. */
export function pushedUrl(
  { run }: FapiRun,
  { parameters }: FapiRequest,
  requestUri: string,
  { beside = {}, duplicates }: VisitOptions = {},
): string {
  const again = duplicates === 'none' ? ['client_id'] : ['client_id', 'response_type', 'scope', 'redirect_uri'];
  const repeated = again.flatMap((name) => (parameters[name] === undefined ? [] : [[name, parameters[name]] as const]));
  return authorizationUrl(run, { ...Object.fromEntries(repeated), request_uri: requestUri, ...beside });
}

export function redeem(fapi: FapiRun, client: FapiClient, coded: Coded, options?: TokenOptions): Promise<HttpReply> {
  return tokenRequest(fapi, client, codeFields(coded), options);
}

/** RFC 6749 §4.1.3, RFC 7636 §4.5. */
export function codeFields({ code, request }: Coded): Readonly<Record<string, string>> {
  const { redirect_uri: redirectUri = '' } = request.parameters;
  return { grant_type: 'authorization_code', code, redirect_uri: redirectUri, code_verifier: request.verifier };
}

function checkIdentity({ run, variant }: FapiRun, client: FapiClient, { request, code }: Coded, tokens: Tokens): Jwt | undefined {
  if (variant.openid === 'plain_oauth') {
    assert.equal(tokens.idToken, undefined, 'an ID token that nobody asked for');
    return undefined;
  }
  assert.ok(tokens.idToken !== undefined, 'token endpoint: no id_token');
  const nonce = request.parameters['nonce'];
  return checkIdToken(run, client, tokens.idToken, { nonce, accessToken: tokens.accessToken, code, channel: 'back' });
}
