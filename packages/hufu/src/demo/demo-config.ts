/** The client ids of the demo. */
export const DEMO_CLIENTS = { web: 'demo-web', confidential: 'demo-confidential', machine: 'demo-machine' } as const;

/** The client that `hufu login` is, here and wherever an administrator puts it into the configuration. */
export const CLI_CLIENT_ID = 'hufu-cli';

/** The one user of the demo. Shown to everybody who asks. */
export const DEMO_USER = { username: 'tiger', password: 'tally-in-two-halves' } as const;

/** The protected API's path below the issuer; its address is its identifier (RFC 8707 §2). */
export const DEMO_API_PATH: string = '/demo/api';

/** Everything below the issuer, wherever `HUFU_ISSUER` puts it. */
const ISSUER = '${HUFU_ISSUER:-http://localhost:4400}';

/** What `npm start` runs: one user, a public web client, a confidential client, a machine client, and a protected API. */
export const DEMO_CONFIG: string = `
issuer: "${ISSUER}"
mode: development
clients:
  - client_id: ${DEMO_CLIENTS.web}
    client_name: Tiger Notes
    client_name#zh-CN: 虎记
    token_endpoint_auth_method: none
    redirect_uris: ["${ISSUER}/demo/callback"]
    post_logout_redirect_uris: ["${ISSUER}/demo"]
    client_uri: "${ISSUER}/demo"
    grant_types: [authorization_code, refresh_token]
    scope: openid profile email offline_access notes:read notes:write
  - client_id: ${DEMO_CLIENTS.confidential}
    client_secret: demo-confidential-secret-change-me-before-use
    client_name: Tiger Reports
    client_name#zh-CN: 虎报
    redirect_uris: ["${ISSUER}/demo/callback"]
    grant_types: [authorization_code, refresh_token]
    scope: openid profile email offline_access notes:read
    hufu:
      resource_server_of: ["${ISSUER}${DEMO_API_PATH}"]
  - client_id: ${DEMO_CLIENTS.machine}
    client_secret: demo-machine-secret-change-me-before-use
    client_name: Night Watch
    client_name#zh-CN: 守夜
    grant_types: [client_credentials]
    scope: notes:read
  - client_id: ${CLI_CLIENT_ID}
    client_name: Hufu CLI
    client_name#zh-CN: 虎符命令行
    application_type: native
    token_endpoint_auth_method: none
    grant_types: [urn:ietf:params:oauth:grant-type:device_code, refresh_token]
    scope: openid profile email offline_access notes:read notes:write
users:
  - username: ${DEMO_USER.username}
    password: ${DEMO_USER.password}
    claims:
      name: Tiger Demo
      given_name: Tiger
      family_name: Demo
      email: tiger@example.com
      email_verified: true
resources:
  - identifier: "${ISSUER}${DEMO_API_PATH}"
    scopes: [notes:read, notes:write]
    token_format: jwt
policies:
  administrators: { ${DEMO_USER.username}: owner }
`;
