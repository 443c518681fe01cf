import { API } from '../contract.ts';
import { type HttpClient, mapConcurrently } from '../http-client.ts';
import { readMembers, readText } from '../json.ts';
import type { GrantWish, Work } from '../scenarios.ts';
import type { Credential, Paths } from '../subject.ts';
import { basic, exchangeForm, FORM_TYPE, form } from '../token-requests.ts';

const AT_A_TIME = 32;

/** Turns codes into what the scenario's requests carry, by exchanging them over HTTP as any client would. */
export async function readyCredentials(client: HttpClient, paths: Paths, work: Work, codes: readonly Credential[]): Promise<Credential[]> {
  switch (work.kind) {
    case 'code':
      return [...codes];
    case 'refresh':
      return exchangeAll(client, paths, work.grant, codes, 'refresh_token');
    case 'introspection':
    case 'userinfo':
      return exchangeAll(client, paths, work.grant, codes, 'access_token');
    default:
      throw new TypeError(`${work.kind} needs no credentials`);
  }
}

function exchangeAll(
  client: HttpClient,
  paths: Paths,
  grant: GrantWish,
  codes: readonly Credential[],
  member: string,
): Promise<Credential[]> {
  const headers = { authorization: basic(grant.client), 'content-type': FORM_TYPE };
  return mapConcurrently(codes, AT_A_TIME, async ({ value, subject }) => {
    const answer = await client.send(paths.token, { method: 'POST', headers, body: exchangeForm(value) });
    if (answer.status !== 200) throw new Error(`code exchange: ${answer.status} ${answer.body.slice(0, 300)}`);
    return { value: readText(readMembers(answer.body, 'token response'), member), subject };
  });
}

/** Asks the server's introspection endpoint whether opaque tokens are alive (RFC 7662). */
export async function confirmByIntrospection(client: HttpClient, paths: Paths, accessTokens: readonly string[]): Promise<void> {
  const headers = { authorization: basic(API), 'content-type': FORM_TYPE };
  await mapConcurrently(accessTokens, AT_A_TIME, async (token) => {
    const answer = await client.send(paths.introspection, {
      method: 'POST',
      headers,
      body: form({ token, token_type_hint: 'access_token' }),
    });
    if (answer.status !== 200 || readMembers(answer.body, 'introspection')['active'] !== true) {
      throw new Error(`a token just issued is not alive: ${answer.status} ${answer.body.slice(0, 300)}`);
    }
  });
}
