/** What the fuzz builds its requests of. */
export const PATHS = [
  '/oauth/token',
  '/oauth/authorize',
  '/oauth/introspect',
  '/oauth/revoke',
  '/oauth/userinfo',
  '/oauth/logout',
  '/oauth/jwks',
  '/oauth/status/1',
  '/oauth/revocations',
  '/admin/v1/grants/1-1/lineage',
  '/admin/v1/revocations/1',
  '/signin',
  '/consent',
  '/account',
  '/logo/third',
  '/',
  '/healthz',
  '/readyz',
  '/.well-known/openid-configuration',
  '/.well-known/oauth-authorization-server',
  '/test/resource',
  '/assets/mark.svg',
] as const;
export const METHODS = ['GET', 'HEAD', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE', 'PROPFIND'] as const;
export const NAMES =
  'access_token acr_values assertion audience claims client_assertion client_assertion_type client_id client_secret code code_challenge code_challenge_method code_verifier csrf decision display grant_type id_token_hint login_hint max_age nonce password post_logout_redirect_uri prompt redirect_uri refresh_token registration request request_uri resource response_mode response_type scope state token token_type_hint ui_locales username cancel'.split(
    ' ',
  );
export const WORDS =
  'authorization_code refresh_token client_credentials urn:ietf:params:oauth:grant-type:token-exchange password implicit code token id_token none login consent select_account query fragment form_post S256 plain spa spa2 web third machine api native openid profile email read write opaque offline_access allow deny sign_out alice bob https://app.example/cb https://app2.example/cb https://web.example/cb https://third.example/cb http://127.0.0.1:1/cb com.example.app:/cb https://app.example/out https://api.example/ https://opaque.example/ en zh-CN E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM'.split(
    ' ',
  );
/** What nobody thinks of; the first part cannot stand in a list of words. */
export const ODD = [
  '',
  ' ',
  '\0',
  '\r\nX: y',
  '\n',
  '\t',
  '\x7f',
  '\xff\xfe',
  '\ud800',
  '\u202e',
  '😀',
  'é',
  '。',
  '"',
  "'",
  '${7*7}',
  "' OR 1=1 --",
].concat(
  '<svg/onload=1> % %00 %zz %c0%80 + & = ; {} [] {"a":1} null undefined NaN -1 0 1e999 99999999999999999999 __proto__ constructor hasOwnProperty ../../etc/passwd a.b.c eyJhbGciOiJub25lIn0.e30. hfr_ hfa_ hfc_ hfs_ hfm_ https://evil.test/ //evil.test javascript:alert(1) http://[::1 http://169.254.169.254/'.split(
    ' ',
  ),
);
export const FORM = 'application/x-www-form-urlencoded';
export const TYPES = [
  FORM,
  'application/x-www-form-urlencoded; charset=utf-8',
  'application/json',
  'text/plain',
  'multipart/form-data; boundary=x',
  'application/jwt',
  '',
  'x',
];

/** Requests that get somewhere, with the credentials that they need; everything else grows from these. `*` is something handed out before. */
export const TEMPLATES: readonly (readonly [method: string, path: string, fields: string, basic?: string])[] = [
  [
    'POST',
    '/oauth/token',
    'grant_type=client_credentials&scope=read&resource=https%3A%2F%2Fapi.example%2F',
    'machine:machine-secret-0123456789abcdef012345',
  ],
  ['POST', '/oauth/token', 'grant_type=refresh_token&client_id=spa&refresh_token=*&scope=openid'],
  [
    'POST',
    '/oauth/token',
    'grant_type=authorization_code&client_id=spa&redirect_uri=https%3A%2F%2Fapp.example%2Fcb&code_verifier=dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk&code=*',
  ],
  [
    'GET',
    '/oauth/authorize',
    'response_type=code&client_id=spa&redirect_uri=https%3A%2F%2Fapp.example%2Fcb&scope=openid+read&state=s&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256&nonce=n&prompt=none&max_age=1000&ui_locales=zh-CN&login_hint=alice',
  ],
  [
    'GET',
    '/oauth/authorize',
    'response_type=code&client_id=third&redirect_uri=https%3A%2F%2Fthird.example%2Fcb&scope=openid+read&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256&prompt=consent',
  ],
  ['POST', '/oauth/introspect', 'token=*&token_type_hint=access_token', 'api:api-secret-0123456789abcdef0123456789'],
  ['POST', '/oauth/revoke', 'token=*&client_id=spa'],
  ['GET', '/oauth/userinfo', ''],
  ['GET', '/oauth/logout', 'id_token_hint=*&post_logout_redirect_uri=https%3A%2F%2Fapp.example%2Fout&state=s'],
  ['GET', '/signin', 'request=*'],
  ['POST', '/signin', 'csrf=*&request=*&username=alice&password=wrong'],
  ['GET', '/consent', 'request=*'],
  ['POST', '/consent', 'csrf=*&request=*&decision=allow'],
  ['POST', '/oauth/logout', 'csrf=*&request=client_id%3Dspa&decision=sign_out'],
  ['GET', '/account', 'removed=third'],
  ['POST', '/account', 'csrf=*&client_id=third'],
];
export const BASICS = [
  'web:web-secret-0123456789abcdef0123456789',
  'machine:machine-secret-0123456789abcdef012345',
  'api:api-secret-0123456789abcdef0123456789',
  'third:third-secret-0123456789abcdef01234567',
  'web:wrong',
  ':',
  'machine',
];
