/**
 * What requests are counted under: a fixed list, so that no stranger's path makes a series. Whatever has no name of its own is `other`, and a path that is nowhere `none`.
 */
export const ENDPOINTS = [
  'authorize',
  'token',
  'par',
  'introspect',
  'revoke',
  'userinfo',
  'device_authorization',
  'bc_authorize',
  'register',
  'jwks',
  'discovery',
  'revocations',
  'status',
  'logout',
  'signin',
  'signup',
  'recover',
  'consent',
  'device',
  'account',
  'admin',
  'console',
  'health',
  'other',
  'none',
] as const;

export type EndpointLabel = (typeof ENDPOINTS)[number];

/** What decisions are counted under: their own `endpoint`, but for the operations of the admin API and the pages of the account, which are one each. */
export const REFUSERS = [
  'http',
  'token',
  'authorize',
  'par',
  'introspect',
  'revoke',
  'userinfo',
  'device_authorization',
  'bc_authorize',
  'register',
  'revocations',
  'status',
  'logout',
  'consent',
  'signin',
  'signin_email',
  'signin_link',
  'verify',
  'enrol',
  'passkey',
  'signup',
  'recover',
  'recover_reset',
  'invitation',
  'devices',
  'device',
  'approvals',
  'upstream',
  'account',
  'admin',
  'edge',
  'other',
] as const;

const OAUTH: ReadonlySet<string> = new Set(ENDPOINTS.slice(0, ENDPOINTS.indexOf('signin')));
const BEGINNINGS: readonly (readonly [string, EndpointLabel])[] = [
  ['/.well-known/', 'discovery'],
  ['/signin', 'signin'],
  ['/signup', 'signup'],
  ['/recover', 'recover'],
  ['/invitation', 'recover'],
  ['/consent', 'consent'],
  ['/device', 'device'],
  ['/account', 'account'],
  ['/admin/', 'admin'],
  ['/console', 'console'],
  ['/healthz', 'health'],
  ['/readyz', 'health'],
  ['/metrics', 'health'],
];

/** The label of a route, by the path that it is mounted at. */
export function endpointLabel(path: string): EndpointLabel {
  const [, folder, name = ''] = path.split('/');
  const word = name.replaceAll('-', '_');
  if (folder === 'oauth') return isEndpoint(word) && OAUTH.has(word) ? word : 'other';
  return BEGINNINGS.find(([beginning]) => path.startsWith(beginning))?.[1] ?? 'other';
}

function isEndpoint(word: string): word is EndpointLabel {
  return ENDPOINTS.some((endpoint) => endpoint === word);
}
