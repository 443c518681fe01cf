import type { JsonReply } from '../support/agent.ts';
import { BASIC_YAML } from '../support/hufu.ts';

/** `BASIC_YAML` with another line of policies. */
export function withPolicies(policies: string): string {
  return BASIC_YAML.replace('policies: { brute_force: off }', `policies: { ${policies} }`);
}

export const GOOD = { client_name: 'Stranger', redirect_uris: ['https://stranger.example/cb'] } as const;

/** Sends JSON, or a body as it is. */
export async function sendJson(
  method: string,
  url: string,
  body: object | string | undefined,
  headers: Readonly<Record<string, string>> = {},
): Promise<JsonReply> {
  const text = body === undefined ? null : typeof body === 'string' ? body : JSON.stringify(body);
  const reply = await fetch(url, { method, redirect: 'manual', headers: { 'content-type': 'application/json', ...headers }, body: text });
  const answer = await reply.text();
  const json: unknown = answer.startsWith('{') ? JSON.parse(answer) : {};
  return { status: reply.status, headers: reply.headers, body: Object(json) };
}

export function register(
  issuer: string,
  metadata: object | string = GOOD,
  headers: Readonly<Record<string, string>> = {},
): Promise<JsonReply> {
  return sendJson('POST', `${issuer}/oauth/register`, metadata, headers);
}

/** A request to the place that a registration named, by the token that came with it or another. */
export function manage(
  method: 'GET' | 'PUT' | 'DELETE',
  own: JsonReply,
  metadata?: object,
  token = own.body['registration_access_token'],
): Promise<JsonReply> {
  return sendJson(method, String(own.body['registration_client_uri']), metadata, { authorization: `Bearer ${String(token)}` });
}
