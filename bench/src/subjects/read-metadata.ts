import type { HttpClient } from '../http-client.ts';
import { isMembers, readMembers, readText } from '../json.ts';
import type { Jwk } from '../jwk.ts';
import type { Paths } from '../subject.ts';

const DISCOVERY = '/.well-known/openid-configuration';

/** What a server says about itself: its issuer, where its endpoints are, its keys. */
export async function readMetadata(client: HttpClient): Promise<{ readonly issuer: string; readonly paths: Paths; readonly keys: Jwk[] }> {
  const metadata = readMembers((await client.send(DISCOVERY)).body, 'discovery');
  const path = (name: string): string => {
    const url = URL.parse(readText(metadata, name));
    if (url === null) throw new TypeError(`${name} in discovery is not a URL: ${readText(metadata, name)}`);
    return url.pathname;
  };
  const found = (name: string): string | undefined => (metadata[name] === undefined ? undefined : path(name));
  const paths = {
    authorization: path('authorization_endpoint'),
    token: path('token_endpoint'),
    introspection: path('introspection_endpoint'),
    userinfo: path('userinfo_endpoint'),
    jwks: path('jwks_uri'),
    discovery: DISCOVERY,
    pushedRequest: found('pushed_authorization_request_endpoint'),
    deviceAuthorization: found('device_authorization_endpoint'),
  };
  const keys = readMembers((await client.send(paths.jwks)).body, 'JWK set')['keys'];
  return { issuer: readText(metadata, 'issuer'), paths, keys: Array.isArray(keys) ? keys.filter(isMembers) : [] };
}
