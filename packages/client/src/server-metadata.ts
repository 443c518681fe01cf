import { ask, type Fetch, malformed, refusal } from './ask.ts';
import { ClientError, mismatch } from './client-error.ts';
import { printable } from './printable.ts';

/** Addresses that this package uses, under their registered names. */
export type EndpointName =
  | 'authorization_endpoint'
  | 'token_endpoint'
  | 'userinfo_endpoint'
  | 'jwks_uri'
  | 'revocation_endpoint'
  | 'end_session_endpoint'
  | 'device_authorization_endpoint'
  | 'pushed_authorization_request_endpoint'
  | 'introspection_endpoint'
  | 'backchannel_authentication_endpoint';

/** What an authorization server says of itself (RFC 8414 §2, OpenID Connect Discovery §3), as far as this package needs it. */
export interface ServerMetadata {
  readonly issuer: string;
  /** The address of an endpoint: https, or http on this very machine. Throws `ClientError` `unsupported` where the server has none. */
  endpoint(name: EndpointName, way?: 'mtls'): string;
  has(name: EndpointName): boolean;
  /** A list of texts; empty where the member is not there. */
  list(name: string): readonly string[];
  /** Whether a member is `true`. */
  flag(name: string): boolean;
}

/**
 * Fetches the metadata of an issuer: OpenID Connect Discovery §4, and where that is not there, RFC 8414 §3. It has to name the issuer byte
 * for byte (RFC 8414 §3.3); redirects are not followed. Throws `ClientError`.
 */
export async function discover(fetch: Fetch, issuer: string): Promise<ServerMetadata> {
  const { origin, pathname } = new URL(issuer);
  const path = pathname.replace(/\/$/, '');
  const first = `${origin}${path}/.well-known/openid-configuration`;
  let answer = await ask(fetch, first, {});
  if (answer.status === 404) answer = await ask(fetch, `${origin}/.well-known/oauth-authorization-server${path}`, {});
  if (answer.status !== 200) throw refusal(answer, issuer);
  if (answer.body === undefined) throw malformed(`the metadata of ${issuer} is no JSON object`);
  return readServerMetadata(answer.body, issuer);
}

/** The same of a document that is there already. Throws `ClientError`. */
function readServerMetadata(body: Readonly<Record<string, unknown>>, issuer: string): ServerMetadata {
  // RFC 8414 §3.3: else one server could speak for another (mix-up).
  if (body['issuer'] !== issuer) throw mismatch('issuer', `the server at ${issuer} calls itself ${printable(body['issuer'], 300)}`);
  const aliases: Readonly<Record<string, unknown>> = Object(body['mtls_endpoint_aliases']);
  return {
    issuer,
    has: (name) => typeof body[name] === 'string',
    endpoint(name, way) {
      const value = (way === 'mtls' ? aliases[name] : undefined) ?? body[name];
      if (typeof value !== 'string') throw new ClientError('unsupported', name, `${issuer} has no ${name}`);
      if (!isSafeAddress(value) || (issuer.startsWith('https:') && !value.startsWith('https:')))
        throw mismatch(name, `${name} of ${issuer} is not an https address`);
      return value;
    },
    list(name) {
      const value = body[name];
      return Array.isArray(value) ? value.filter((one): one is string => typeof one === 'string') : [];
    },
    flag: (name) => body[name] === true,
  };
}

/** Whether tokens may go there: https, or http on this very machine, and no user information, which would be a guise. */
export function isSafeAddress(text: string): boolean {
  const url = URL.parse(text);
  if (url === null || url.username !== '' || url.password !== '' || /[^\x21-\x7e]|\\/.test(text)) return false;
  return url.protocol === 'https:' || (url.protocol === 'http:' && /^(localhost|127\.0\.0\.1|\[::1\])$/.test(url.hostname));
}
