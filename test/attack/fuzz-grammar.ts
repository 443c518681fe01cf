import { seededRandom } from '../support/seeds.ts';

/** What the server has handed out so far, for mixing into new requests. Bounded: a new one takes the place of an old one. */
export class Loot {
  readonly #texts: string[] = [];
  static readonly max = 200;

  add(text: string, dice: Dice): void {
    if (text === '') return;
    if (this.#texts.length < Loot.max) this.#texts.push(text);
    else this.#texts[dice.below(Loot.max)] = text;
  }

  pick(dice: Dice): string {
    return this.#texts.length === 0 ? 'hfr_nothing-yet' : dice.pick(this.#texts);
  }
}

export class Dice {
  readonly #random: () => number;

  constructor(seed: number) {
    this.#random = seededRandom(seed);
  }

  below(end: number): number {
    return Math.floor(this.#random() * end);
  }

  chance(share: number): boolean {
    return this.#random() < share;
  }

  pick<T>(list: readonly [T, ...T[]] | readonly T[]): T {
    const picked = list[this.below(list.length)];
    if (picked === undefined) throw new TypeError('nothing to pick from');
    return picked;
  }
}

/** A request that is, or once was, one of ours. `bytes` are latin1. */
export interface FuzzRequest {
  readonly bytes: string;
  /** Whether it is HTTP, so that an answer is owed. */
  readonly isHttp: boolean;
  readonly isHead: boolean;
}

const PATHS = [
  '/oauth/token',
  '/oauth/authorize',
  '/oauth/introspect',
  '/oauth/revoke',
  '/oauth/userinfo',
  '/oauth/logout',
  '/oauth/jwks',
  '/signin',
  '/consent',
  '/logo/third',
  '/',
  '/healthz',
  '/readyz',
  '/.well-known/openid-configuration',
  '/.well-known/oauth-authorization-server',
  '/test/resource',
  '/assets/mark.svg',
] as const;
const METHODS = ['GET', 'HEAD', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE', 'PROPFIND'] as const;
const NAMES =
  'access_token acr_values assertion audience claims client_assertion client_assertion_type client_id client_secret code code_challenge code_challenge_method code_verifier csrf decision display grant_type id_token_hint login_hint max_age nonce password post_logout_redirect_uri prompt redirect_uri refresh_token registration request request_uri resource response_mode response_type scope state token token_type_hint ui_locales username cancel'.split(
    ' ',
  );
const WORDS =
  'authorization_code refresh_token client_credentials urn:ietf:params:oauth:grant-type:token-exchange password implicit code token id_token none login consent select_account query fragment form_post S256 plain spa spa2 web third machine api native openid profile email read write opaque offline_access allow deny sign_out alice bob https://app.example/cb https://app2.example/cb https://web.example/cb https://third.example/cb http://127.0.0.1:1/cb com.example.app:/cb https://app.example/out https://api.example/ https://opaque.example/ en zh-CN E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM'.split(
    ' ',
  );
const ODD = [
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
  '<svg onload=1>',
  '%',
  '%00',
  '%zz',
  '%c0%80',
  '+',
  '&',
  '=',
  ';',
  '{}',
  '[]',
  '{"a":1}',
  'null',
  'undefined',
  'NaN',
  '-1',
  '0',
  '1e999',
  '99999999999999999999',
  '__proto__',
  'constructor',
  'hasOwnProperty',
  '../../etc/passwd',
  "' OR 1=1 --",
  '${7*7}',
  'a.b.c',
  'eyJhbGciOiJub25lIn0.e30.',
  'hfr_',
  'hfa_',
  'hfc_',
  'hfs_',
  'hfm_',
  'https://evil.test/',
  '//evil.test',
  'javascript:alert(1)',
  'http://[::1',
  'http://169.254.169.254/',
];
const TYPES = [
  'application/x-www-form-urlencoded',
  'application/x-www-form-urlencoded; charset=utf-8',
  'application/json',
  'text/plain',
  'multipart/form-data; boundary=x',
  'application/jwt',
  '',
  'x',
];

/** Requests that get somewhere; everything else grows from these. */
const TEMPLATES: readonly (readonly [method: string, path: string, fields: string])[] = [
  ['POST', '/oauth/token', 'grant_type=client_credentials&scope=read'],
  ['POST', '/oauth/token', 'grant_type=refresh_token&client_id=spa&refresh_token=*'],
  [
    'POST',
    '/oauth/token',
    'grant_type=authorization_code&client_id=spa&redirect_uri=https%3A%2F%2Fapp.example%2Fcb&code_verifier=dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk&code=*',
  ],
  [
    'GET',
    '/oauth/authorize',
    'response_type=code&client_id=spa&redirect_uri=https%3A%2F%2Fapp.example%2Fcb&scope=openid+read&state=s&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256&nonce=n',
  ],
  [
    'GET',
    '/oauth/authorize',
    'response_type=code&client_id=third&redirect_uri=https%3A%2F%2Fthird.example%2Fcb&scope=openid+read&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256&prompt=consent',
  ],
  ['POST', '/oauth/introspect', 'token=*'],
  ['POST', '/oauth/revoke', 'token=*&client_id=spa'],
  ['GET', '/oauth/userinfo', ''],
  ['GET', '/oauth/logout', 'id_token_hint=*&post_logout_redirect_uri=https%3A%2F%2Fapp.example%2Fout&state=s'],
  ['GET', '/signin', 'request=*'],
  ['POST', '/signin', 'csrf=*&request=*&username=alice&password=wrong'],
  ['GET', '/consent', 'request=*'],
  ['POST', '/consent', 'csrf=*&request=*&decision=allow'],
  ['POST', '/oauth/logout', 'csrf=*&request=client_id%3Dspa&decision=sign_out'],
];
const BASICS = [
  'web:web-secret-0123456789abcdef0123456789',
  'machine:machine-secret-0123456789abcdef012345',
  'api:api-secret-0123456789abcdef0123456789',
  'third:third-secret-0123456789abcdef01234567',
  'web:wrong',
  ':',
  'machine',
];

/** The next request. `host` and `cookie` are those of an honest browser. */
export function nextRequest(dice: Dice, loot: Loot, host: string, cookie: string): FuzzRequest {
  const [templateMethod, templatePath, fields] = dice.pick(TEMPLATES);
  const fresh = dice.chance(0.3);
  const method = dice.chance(0.9) ? (fresh ? dice.pick(['GET', 'POST']) : templateMethod) : dice.pick(METHODS);
  const path = mangle(fresh ? dice.pick(PATHS) : templatePath, dice, 0.05);
  const parameters = mutateParameters(fresh ? [] : fields.split('&').filter((part) => part !== ''), dice, loot);
  const inBody = method === 'POST' ? dice.chance(0.92) : dice.chance(0.1);
  const text = parameters.join('&');
  const body = inBody ? text : '';
  const target = inBody || text === '' ? path : `${path}?${text.replace(/[\s\0]/g, '%20')}`;
  const lines = [
    `${method} ${target.replace(/[\r\n ]/g, '')} HTTP/1.1`,
    `Host: ${host}`,
    ...headers(dice, loot, cookie, method === 'POST'),
    ...(body === '' && method !== 'POST' ? [] : [`Content-Length: ${Buffer.byteLength(body)}`]),
  ];
  const bytes = `${lines.map((line) => Buffer.from(line.replace(/[\r\n\0]/g, '')).toString('latin1')).join('\r\n')}\r\n\r\n${Buffer.from(body).toString('latin1')}`;
  if (!dice.chance(0.03)) return { bytes, isHttp: true, isHead: method === 'HEAD' };
  return { bytes: flip(bytes, dice), isHttp: false, isHead: true };
}

function mutateParameters(parts: readonly string[], dice: Dice, loot: Loot): readonly string[] {
  const written = parts.map((part) => part.replace('*', () => encodeURIComponent(value(dice, loot, 0.9).toWellFormed())));
  for (let changes = dice.chance(0.5) ? 0 : 1 + dice.below(4); changes > 0; changes--) {
    const at = dice.below(Math.max(1, written.length));
    const one = written[at];
    if (one === undefined || dice.chance(0.4)) written.splice(at, 0, parameter(dice.pick(NAMES), dice, loot));
    else if (dice.chance(0.33)) written.splice(at, 1);
    else if (dice.chance(0.5)) written.push(one);
    else written[at] = dice.chance(0.8) ? parameter(one.split('=')[0] ?? '', dice, loot) : mangle(one, dice, 1);
  }
  if (dice.chance(0.02)) for (let i = 0; i < 80; i++) written.push(parameter(dice.pick(NAMES), dice, loot));
  return written;
}

function parameter(name: string, dice: Dice, loot: Loot): string {
  const text = value(dice, loot, 0.3);
  const encoded = dice.chance(0.85) ? encodeURIComponent(text.toWellFormed()) : text.replace(/[&#]/g, '');
  return `${dice.chance(0.97) ? name : mangle(name, dice, 1)}${dice.chance(0.98) ? '=' : ''}${encoded}`;
}

function value(dice: Dice, loot: Loot, credential: number): string {
  if (dice.chance(credential)) return mangle(loot.pick(dice), dice, 0.25);
  if (dice.chance(0.5)) return mangle(dice.pick(WORDS), dice, 0.1);
  if (dice.chance(0.8)) return dice.pick(ODD);
  return dice.pick(['a', '%', 'é', '[', ' ', '0']).repeat(1 + dice.below(dice.chance(0.1) ? 20_000 : 300));
}

function mangle(text: string, dice: Dice, share: number): string {
  if (!dice.chance(share)) return text;
  const at = dice.below(text.length + 1);
  switch (dice.below(6)) {
    case 0:
      return text.slice(0, at);
    case 1:
      return text.slice(0, at) + dice.pick(ODD) + text.slice(at);
    case 2:
      return text + text;
    case 3:
      return text.slice(0, at) + String.fromCharCode(0x20 + dice.below(95)) + text.slice(at + 1);
    case 4:
      return dice.chance(0.5) ? text.toUpperCase() : text.toLowerCase();
    default:
      return text.slice(at) + text.slice(0, at);
  }
}

function headers(dice: Dice, loot: Loot, cookie: string, withBody: boolean): readonly string[] {
  const lines: string[] = [];
  const add = (share: number, line: () => string): void => {
    if (dice.chance(share)) lines.push(line());
  };
  add(withBody ? 0.97 : 0.1, () => `Content-Type: ${dice.chance(0.9) ? TYPES[0] : dice.pick(TYPES)}`);
  add(0.35, () => `Authorization: Basic ${Buffer.from(mangle(dice.pick(BASICS), dice, 0.1)).toString('base64')}`);
  add(0.25, () => `Authorization: ${dice.pick(['Bearer', 'bearer', 'DPoP', 'Basic', 'Negotiate', ''])} ${value(dice, loot, 0.8)}`);
  add(0.7, () => `Cookie: ${cookie}`);
  add(
    0.1,
    () => `Cookie: hufu_session=${value(dice, loot, 0.7)}; hufu_browser=${value(dice, loot, 0.3)}; hufu_known=${value(dice, loot, 0.3)}`,
  );
  add(0.6, () => 'Accept: text/html');
  add(0.1, () => `Origin: ${dice.pick(['https://app.example', 'https://evil.test', 'null', ''])}`);
  add(0.1, () => `Access-Control-Request-Method: ${dice.pick(['POST', 'GET', ''])}`);
  add(0.2, () => `Sec-Fetch-Site: ${dice.pick(['same-origin', 'cross-site', 'none', ''])}`);
  add(0.1, () => `Accept-Language: ${dice.pick(['zh', 'en;q=0', 'x'.repeat(500), ';;;', '*'])}`);
  add(0.02, () => `Content-Encoding: ${dice.pick(['gzip', 'identity', ''])}`);
  add(0.05, () => `X-Forwarded-For: ${dice.pick(['1.2.3.4', '::1', 'x', ','.repeat(300)])}`);
  add(0.05, () => `User-Agent: ${dice.pick(['x'.repeat(2_000), 'é', '\x80\xff', ''])}`);
  add(0.05, () => `If-None-Match: ${dice.pick(['*', '"x"', 'W/"x"', ''])}`);
  add(0.03, () => `DPoP: ${value(dice, loot, 0.5)}`);
  add(0.02, () => `Host: ${dice.pick(['evil.test', 'localhost', ''])}`);
  return lines;
}

/** Bytes that were hit by something. */
function flip(bytes: string, dice: Dice): string {
  let text = bytes;
  for (let i = 0; i < 1 + dice.below(6); i++) {
    const at = dice.below(text.length);
    text = text.slice(0, at) + String.fromCharCode(dice.below(256)) + text.slice(at + dice.below(3));
  }
  return text;
}
