import { authorizationRequest } from './desk.ts';
import { changed, MUTATIONS, mutate, type Parameters } from './parameters.ts';
import { type DifferentialRequest, request } from './request.ts';
import { RESOURCE } from './world.ts';

const WEB = authorizationRequest('web');
const RESPONSE_TYPES = ['code', 'id_token', 'id_token token', 'code id_token', 'code token', 'code id_token token'];
const FEWER = ['missing', 'empty', 'doubled', 'too long'];

/** The authorization endpoint: each parameter wrong in each way, and each with the values that mean something. */
export const authorizationRequests: readonly DifferentialRequest[] = [
  ...WEB.flatMap(([name]) =>
    Object.entries(MUTATIONS).map(([how, mutation]) => asked(`authorize: ${name} ${how}`, mutate(WEB, name, mutation))),
  ),
  ...['nonce', 'state', 'scope', 'redirect_uri', 'code_challenge', 'response_type'].flatMap((name) =>
    FEWER.map((how) => asked(`authorize hybrid: ${name} ${how}`, mutate(hybrid('code id_token token'), name, MUTATIONS[how] ?? identity))),
  ),
  ...RESPONSE_TYPES.flatMap((type) =>
    [undefined, 'query', 'fragment', 'form_post', 'FORM_POST', 'query.jwt'].map((mode) =>
      asked(`authorize hybrid: ${type}, response_mode ${mode ?? 'not said'}`, changed(hybrid(type), { response_mode: mode })),
    ),
  ),
  ...['token id_token', 'token code', 'token id_token code', 'token', 'none', 'code none', 'code code', 'id_token  token', ' code'].map(
    (type) => asked(`authorize hybrid: response_type ${JSON.stringify(type)}`, hybrid(type)),
  ),
  ...RESPONSE_TYPES.slice(1).map((type) =>
    asked(`authorize: response_type ${type} of a client without it`, changed(WEB, { response_type: type })),
  ),
  asked('authorize hybrid: id_token without openid', changed(hybrid('id_token'), { scope: 'profile' })),
  asked('authorize hybrid: code token without openid', changed(hybrid('code token'), { scope: 'read' })),
  asked('authorize hybrid: code token without a nonce', changed(hybrid('code token'), { nonce: undefined })),
  asked(
    'authorize hybrid: an error of code id_token with form_post',
    changed(hybrid('code id_token'), { nonce: undefined, response_mode: 'form_post' }),
  ),
  asked('authorize front: code of an implicit client', changed(authorizationRequest('front'), { response_type: 'code' })),
  asked('authorize front: id_token token', changed(authorizationRequest('front'), { response_type: 'id_token token' })),
  asked('authorize front: id_token without PKCE', front('id_token')),

  ...[
    'none',
    'login',
    'consent',
    'select_account',
    'create',
    'none login',
    'login consent',
    'login login',
    'unknown',
    'NONE',
    '',
    ' none',
  ].map((prompt) => asked(`authorize: prompt ${JSON.stringify(prompt)}`, changed(WEB, { prompt }))),
  ...['none', 'login', 'consent'].map((prompt) =>
    request(`authorize, nobody signed in: prompt ${prompt}`, (desk) => desk.authorize(changed(WEB, { prompt }), { browser: 'new' })),
  ),
  request('authorize, nobody signed in', (desk) => desk.authorize(WEB, { browser: 'new' })),
  request('authorize third: the first time', (desk) => desk.authorize(authorizationRequest('third'))),
  request('authorize third: prompt none before consent', (desk) =>
    desk.authorize(changed(authorizationRequest('third'), { prompt: 'none' })),
  ),
  ...['0', '3600', '10000', '-1', '3600.5', 'abc', '', '99999999999999999999', '+3600', '0x3600'].map((age) =>
    asked(`authorize: max_age ${JSON.stringify(age)}`, changed(WEB, { max_age: age })),
  ),
  asked('authorize: max_age 0 with prompt none', changed(WEB, { max_age: '0', prompt: 'none' })),
  asked('authorize fresh: default_max_age and require_auth_time', authorizationRequest('fresh')),

  ...['page', 'popup', 'touch', 'wap', 'unknown', ''].map((display) =>
    asked(`authorize: display ${JSON.stringify(display)}`, changed(WEB, { display })),
  ),
  ...['zh-CN en', 'xx', '', '!'].map((ui_locales) =>
    asked(`authorize: ui_locales ${JSON.stringify(ui_locales)}`, changed(WEB, { ui_locales })),
  ),
  ...['zh-CN', '', '!'].map((claims_locales) =>
    asked(`authorize: claims_locales ${JSON.stringify(claims_locales)}`, changed(WEB, { claims_locales })),
  ),
  ...['mei', 'nobody@nowhere', '', 'x'.repeat(500)].map((hint) =>
    asked(`authorize: login_hint ${JSON.stringify(hint.slice(0, 20))}`, changed(WEB, { login_hint: hint })),
  ),
  ...['urn:unknown', '', 'a b c'].map((acr) => asked(`authorize: acr_values ${JSON.stringify(acr)}`, changed(WEB, { acr_values: acr }))),
  asked('authorize: registration', changed(WEB, { registration: '{}' })),
  asked('authorize: a parameter that nobody knows', changed(WEB, { extra: 'foobar' })),
  asked('authorize: a parameter that nobody knows, twice', [...WEB, ['extra', 'a'], ['extra', 'b']]),

  ...[
    'openid',
    'profile',
    'openid openid',
    'openid  profile',
    ' openid',
    'openid "',
    'openid unknown',
    'openid read',
    'read',
    'OPENID',
    'openid phone address',
  ].map((scope) => asked(`authorize: scope ${JSON.stringify(scope)}`, changed(WEB, { scope }))),
  asked('authorize: scope offline_access without prompt', changed(WEB, { scope: 'openid offline_access' })),
  asked('authorize: scope offline_access with prompt consent', changed(WEB, { scope: 'openid offline_access', prompt: 'consent' })),
  ...[RESOURCE, 'https://unknown.example/', 'relative', `${RESOURCE}#fragment`, ''].map((resource) =>
    asked(`authorize: resource ${JSON.stringify(resource)}`, changed(WEB, { resource, scope: 'openid read' })),
  ),
  asked('authorize: resource twice', [...changed(WEB, { scope: 'openid read' }), ['resource', RESOURCE], ['resource', RESOURCE]]),

  ...['https://twin.example/cb?tenant=one', 'https://twin.example/cb?tenant=two', 'https://twin.example/cb?tenant=one&more=x'].map((uri) =>
    asked(`authorize twin: redirect_uri ${uri}`, changed(authorizationRequest('twin'), { redirect_uri: uri })),
  ),
  asked('authorize twin: no redirect_uri of two', changed(authorizationRequest('twin'), { redirect_uri: undefined })),
  ...[
    'https://web.example/cb/',
    'https://web.example/CB',
    'https://WEB.example/cb',
    'https://web.example:443/cb',
    'https://web.example/cb?x=1',
    'https://web.example/cb#f',
    'https://web.example/x/../cb',
    'http://web.example/cb',
    'https://web.example.evil.example/cb',
    'https://web.example@evil.example/cb',
  ].map((uri) => asked(`authorize: redirect_uri ${uri}`, changed(WEB, { redirect_uri: uri }))),
  asked('authorize: plain code_challenge', changed(WEB, { code_challenge: 'v'.repeat(43), code_challenge_method: 'plain' })),
  asked('authorize: no PKCE at all', changed(WEB, { code_challenge: undefined, code_challenge_method: undefined })),
  asked('authorize: a code_challenge of 42 characters', changed(WEB, { code_challenge: 'x'.repeat(42) })),

  request('authorize by POST', (desk) => desk.authorize(WEB, { method: 'POST' })),
  request('authorize by POST, nobody signed in', (desk) => desk.authorize(WEB, { method: 'POST', browser: 'new' })),
  request('authorize by POST: scope missing', (desk) => desk.authorize(changed(WEB, { scope: undefined }), { method: 'POST' })),
  request('authorize by POST: client_id missing', (desk) => desk.authorize(changed(WEB, { client_id: undefined }), { method: 'POST' })),
  ...['PUT', 'DELETE', 'PATCH'].map((method) =>
    request(`authorize by ${method}`, async (desk) => ({ outcome: String((await desk.fetch('/oauth/authorize', { method })).status) })),
  ),
];

function identity(value: string): readonly string[] {
  return [value];
}

function hybrid(type: string): Parameters {
  return changed(authorizationRequest('hybrid'), { response_type: type });
}

function front(type: string): Parameters {
  return changed(authorizationRequest('front'), { response_type: type, code_challenge: undefined, code_challenge_method: undefined });
}

function asked(id: string, sent: Parameters): DifferentialRequest {
  return request(id, (desk) => desk.authorize(sent));
}
