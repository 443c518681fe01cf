import { API, API_SCOPE, DEVICE_CLIENTS, deviceClientOf, JWT_RESOURCE, REDIRECT_URI } from '../contract.ts';
import { type HttpClient, mapConcurrently } from '../http-client.ts';
import { readMembers, readText } from '../json.ts';
import type { GrantWish, Work } from '../scenarios.ts';
import type { Credential, Paths } from '../subject.ts';
import { basic, exchangeForm, FORM_TYPE, form } from '../token-requests.ts';

const AT_A_TIME = 32;

/** So many of what the scenario's requests carry, got over HTTP as any client would. `newCodes` makes authorization codes to exchange. */
export async function readyCredentials(
  client: HttpClient,
  paths: Paths,
  work: Work,
  count: number,
  newCodes: () => Promise<readonly Credential[]>,
): Promise<Credential[]> {
  switch (work.kind) {
    case 'code':
      return [...(await newCodes())];
    case 'refresh':
      return exchangeAll(client, paths, work.grant, await newCodes(), 'refresh_token');
    case 'introspection':
    case 'userinfo':
    case 'token_exchange':
      return exchangeAll(client, paths, work.grant, await newCodes(), 'access_token');
    case 'device_poll':
      return openDeviceCodes(client, paths, count);
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

/** Device codes that nobody will decide about, as the fields of a poll (RFC 8628 §3.1, §3.4). */
function openDeviceCodes(client: HttpClient, paths: Paths, count: number): Promise<Credential[]> {
  const { deviceAuthorization } = paths;
  if (deviceAuthorization === undefined) throw new TypeError('the server has no device authorization endpoint');
  const turns = Array.from({ length: count }, (_, index) => deviceClientOf(index % DEVICE_CLIENTS));
  return mapConcurrently(turns, AT_A_TIME, async (clientId) => {
    const body = form({ client_id: clientId, scope: API_SCOPE, resource: JWT_RESOURCE });
    const answer = await client.send(deviceAuthorization, { method: 'POST', headers: { 'content-type': FORM_TYPE }, body });
    if (answer.status !== 200) throw new Error(`device authorization: ${answer.status} ${answer.body.slice(0, 300)}`);
    const code = readText(readMembers(answer.body, 'device authorization'), 'device_code');
    return { value: form({ device_code: code, client_id: clientId }), subject: '' };
  });
}

/** Whether what was issued is good at the server that issued it. @throws Error where it is not */
export function confirmIssued(client: HttpClient, paths: Paths, work: Work, issued: readonly string[]): Promise<void> {
  return work.kind === 'par' ? confirmRequests(client, paths, work.asked, issued) : confirmByIntrospection(client, paths, issued);
}

/** Takes each request_uri to the authorization endpoint (RFC 9126 §4): nobody is signed in, so it leads to a page to sign in. */
async function confirmRequests(client: HttpClient, paths: Paths, asked: GrantWish, requestUris: readonly string[]): Promise<void> {
  await mapConcurrently(requestUris, AT_A_TIME, async (requestUri) => {
    const query = form({ client_id: asked.client.id, request_uri: requestUri });
    const { status, headers, body } = await client.send(`${paths.authorization}?${query}`, { headers: { accept: 'text/html' } });
    const { location = '' } = headers;
    if (status >= 400 || location.startsWith(REDIRECT_URI)) {
      throw new Error(`a request just pushed is not there: ${status} ${location} ${body.slice(0, 300)}`);
    }
  });
}

/** Asks the server's introspection endpoint whether opaque tokens are alive (RFC 7662). */
async function confirmByIntrospection(client: HttpClient, paths: Paths, accessTokens: readonly string[]): Promise<void> {
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
