/** What `npm start` runs: one user, a public web client, a confidential client, a machine client, and a protected API. */
export const DEMO_CONFIG: string = `
issuer: http://localhost:4400
mode: development
clients:
  - client_id: demo-web
    client_name: Tiger Notes
    client_name#zh-CN: 虎记
    token_endpoint_auth_method: none
    redirect_uris: [http://localhost:4400/demo/callback]
    post_logout_redirect_uris: [http://localhost:4400/demo]
    client_uri: http://localhost:4400/demo
    grant_types: [authorization_code, refresh_token]
    scope: openid profile email offline_access notes:read notes:write
  - client_id: demo-confidential
    client_secret: demo-confidential-secret-change-me-before-use
    client_name: Tiger Reports
    redirect_uris: [http://localhost:4400/demo/callback]
    grant_types: [authorization_code, refresh_token]
    scope: openid profile email offline_access notes:read
    hufu:
      resource_server_of: [http://localhost:4400/demo/api]
  - client_id: demo-machine
    client_secret: demo-machine-secret-change-me-before-use
    client_name: Night Watch
    grant_types: [client_credentials]
    scope: notes:read
users:
  - username: tiger
    password: tally-in-two-halves
    claims:
      name: Tiger Demo
      given_name: Tiger
      family_name: Demo
      email: tiger@example.com
      email_verified: true
resources:
  - identifier: http://localhost:4400/demo/api
    scopes: [notes:read, notes:write]
    token_format: jwt
`;
