import { DEMO_API_PATH, DEMO_CONFIG } from './demo-config.ts';

/** The client that the demo's gateway is. */
const CLIENT_ID = 'demo-edge';
const SECRET = 'demo-edge-secret-change-me-before-use';
const ISSUER = '${HUFU_ISSUER:-http://localhost:4400}';

/**
 * Where the demo's gateway is: as `HUFU_EDGE` says, or one port above the issuer. Undefined where the issuer is no port of this machine: then there is none, unless somebody says where.
 */
export function demoEdgeOrigin(env: Readonly<Record<string, string | undefined>>): string | undefined {
  const { HUFU_EDGE: said, HUFU_ISSUER: issuer = 'http://localhost:4400' } = env;
  if (said !== undefined && said !== '') return said;
  const url = URL.parse(issuer);
  if (url?.protocol !== 'http:' || !['localhost', '127.0.0.1'].includes(url.hostname)) return undefined;
  const port = Number(url.port === '' ? '80' : url.port) + 1;
  return port <= 65_535 ? `http://${url.hostname}:${port}` : undefined;
}

/** The demo with its gateway in front of a service: the gateway is a client like any other. */
export function demoConfigWithEdge(origin: string, serviceUrl: string): string {
  const client = `
  - client_id: ${CLIENT_ID}
    client_secret: ${SECRET}
    client_name: Tiger Notes at the edge
    client_name#zh-CN: 门前虎记
    client_uri: "${origin}/"
    redirect_uris: ["${origin}/edge/callback"]
    post_logout_redirect_uris: ["${origin}/"]
    backchannel_logout_uri: "${origin}/edge/backchannel-logout"
    grant_types: [authorization_code, refresh_token]
    scope: openid profile notes:read notes:write
    hufu: { first_party: true, follows_revocations: true }`;
  return `${DEMO_CONFIG.replace('\nclients:', () => `\nclients:${client}`)}  outbound: { allow_hosts: [localhost, 127.0.0.1] }
gateway:
  origins: ["${origin}"]
  audience: "${ISSUER}${DEMO_API_PATH}"
  issuers:
    - issuer: "${ISSUER}"
      users: subject
      revocations: { client_id: ${CLIENT_ID}, client_secret: ${SECRET} }
  session: { client_id: ${CLIENT_ID}, client_secret: ${SECRET}, scope: openid profile notes:read notes:write }
  passport: {}
  upstreams:
    service: { targets: [{ url: "${serviceUrl}" }] }
  routes:
    - { name: page, path: /, upstream: service, token: none, methods: [GET] }
    - { name: notes, path: /notes, upstream: service, token: any, session: true, scopes: { GET: ["notes:read"], POST: ["notes:write"] } }
`;
}
