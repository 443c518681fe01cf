import { malformed, refusal } from './ask.ts';
import { newSecret, sha256 } from './bytes.ts';
import { type Client, dpopKeyFor } from './client.ts';
import { dpopThumbprint } from './dpop.ts';
import type { PendingSignIn } from './pending-sign-in.ts';
import { callEndpoint } from './token-endpoint.ts';

/** What an app asks for (OpenID Connect Core §3.1.2.1). */
export interface SignInRequest {
  readonly redirectUri: string;
  /** Separated by spaces; with `openid` there is an ID token. */
  readonly scope?: string;
  /** APIs that the access token is for (RFC 8707 §2). */
  readonly resource?: string | readonly string[];
  readonly prompt?: string;
  readonly loginHint?: string;
  /** Seconds: how old the sign-in may be (RFC 9470 §4). */
  readonly maxAge?: number;
  readonly acrValues?: string;
  readonly uiLocales?: string;
  /** RFC 9396 §2. */
  readonly authorizationDetails?: readonly object[];
  /** `popup` where the pages are shown in a small window. */
  readonly display?: string;
  /** Where the app goes on afterwards. Anything but an address of the own origin is left out. */
  readonly returnTo?: string;
  /** Whether the request is sent behind the browser's back first (RFC 9126); by default where the server insists. */
  readonly pushed?: 'always' | 'where_required';
  /** Parameters that this package does not know. */
  readonly parameters?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/**
 * Begins a sign-in by authorization code with PKCE (RFC 6749 §4.1.1, RFC 7636 §4.3): the address to send the browser to, and what has to be
 * kept until it comes back, where only this browser reaches it. Throws `ClientError`.
 */
export async function prepareSignIn(
  client: Client,
  request: SignInRequest,
): Promise<{ readonly url: string; readonly pending: PendingSignIn }> {
  const metadata = await client.metadata(request.signal);
  const dpopKey = await dpopKeyFor(client);
  const isOpenid = (request.scope ?? '').split(' ').includes('openid');
  const pending: PendingSignIn = {
    state: newSecret(),
    nonce: isOpenid ? newSecret() : undefined,
    verifier: newSecret(),
    issuer: client.issuer,
    clientId: client.clientId,
    redirectUri: request.redirectUri,
    scope: request.scope,
    resource: [request.resource ?? []].flat(),
    maxAge: request.maxAge,
    returnTo: request.returnTo === undefined ? undefined : readReturnTo(request.returnTo, new URL(request.redirectUri).origin),
    createdAtMs: client.nowMs(),
    dpopKey,
  };
  const parameters = await writeParameters(request, pending);
  const isPushed = request.pushed === 'always' || metadata.flag('require_pushed_authorization_requests');
  const url = new URL(metadata.endpoint('authorization_endpoint'));
  const shown = isPushed ? await push(client, parameters, pending, request.signal) : parameters;
  url.searchParams.set('client_id', client.clientId);
  for (const [name, value] of shown) if (value !== undefined) url.searchParams.append(name, value);
  return { url: url.href, pending };
}

type Parameters = readonly (readonly [name: string, value: string | undefined])[];

async function writeParameters(request: SignInRequest, pending: PendingSignIn): Promise<Parameters> {
  return [
    ...Object.entries(request.parameters ?? {}),
    ['response_type', 'code'],
    ['redirect_uri', pending.redirectUri],
    ['scope', pending.scope],
    ['state', pending.state],
    ['nonce', pending.nonce],
    ['code_challenge', await sha256(pending.verifier)],
    ['code_challenge_method', 'S256'],
    ...pending.resource.map((resource) => ['resource', resource] as const),
    ['prompt', request.prompt],
    ['login_hint', request.loginHint],
    ['max_age', request.maxAge?.toString()],
    ['acr_values', request.acrValues],
    ['ui_locales', request.uiLocales],
    ['display', request.display],
    ['authorization_details', request.authorizationDetails && JSON.stringify(request.authorizationDetails)],
    // RFC 9449 §10: a code that somebody steals is worth nothing without the key.
    ['dpop_jkt', pending.dpopKey && (await dpopThumbprint(pending.dpopKey))],
  ];
}

/** RFC 9126 §2.1: what the browser carries is a name of it. */
async function push(client: Client, parameters: Parameters, { dpopKey }: PendingSignIn, signal?: AbortSignal): Promise<Parameters> {
  const answer = await callEndpoint(client, 'pushed_authorization_request_endpoint', { parameters, dpopKey, signal });
  if (answer.status !== 201 && answer.status !== 200) throw refusal(answer, 'the pushed authorization request');
  const uri = answer.body?.['request_uri'];
  if (typeof uri !== 'string') throw malformed('the answer to the pushed authorization request has no request_uri', answer.status);
  return [['request_uri', uri]];
}

/**
 * Where to go on after a sign-in: path, query and fragment of an address of the own origin; undefined for any other, and for texts that
 * browsers read in their own way (RFC 9700 §4.11.1).
 */
export function readReturnTo(text: string, origin: string): string | undefined {
  // oxlint-disable-next-line no-control-regex -- browsers leave these out, and then it is another address
  if (text.length > 2_048 || /[\\\x00-\x20\x7f]/.test(text)) return undefined;
  const url = URL.parse(text, origin);
  // A `blob:` address has the origin of its maker, and another address for a path.
  if (url === null || url.origin !== origin || !/^https?:$/.test(url.protocol)) return undefined;
  const path = url.pathname + url.search + url.hash;
  // `/` twice would be another host, once this is written somewhere.
  return path.startsWith('//') ? undefined : path;
}
