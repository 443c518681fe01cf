import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign, verify } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import { freePort } from '../hufu.ts';

/** What a provider's documentation says of its endpoints, as far as Hufu uses them: whatever is asked otherwise is refused as the provider would. */
export interface StandIns {
  readonly origin: string;
  readonly alipay: { readonly ours: string; readonly theirs: string };
  readonly apple: { readonly privateKey: string };
  /** What went wrong at them, in words for a failing test. */
  readonly faults: string[];
  /** Changes the answer of a path, for tests that bend it. */
  readonly bends: Map<string, (body: Record<string, unknown>) => unknown>;
  stop(): Promise<void>;
}

export const TENANT = '11111111-2222-3333-4444-555555555555';

interface Sent {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

interface Answer {
  readonly status?: number;
  readonly type?: string;
  readonly location?: string;
  readonly body?: string;
}

const pem = (key: KeyObject): string => key.export({ type: key.type === 'private' ? 'pkcs8' : 'spki', format: 'pem' }).toString();
const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

export async function startStandIns(): Promise<StandIns> {
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  const faults: string[] = [];
  const bends: StandIns['bends'] = new Map();
  const rsa = (): { publicKey: KeyObject; privateKey: KeyObject } => generateKeyPairSync('rsa', { modulusLength: 2048 });
  const [alipayOurs, alipayTheirs, idTokens] = [rsa(), rsa(), rsa()];
  const appleKey = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  /** What each code was given for. */
  const codes = new Map<string, URLSearchParams>();

  const need = (holds: boolean, what: string): void => {
    if (!holds) {
      faults.push(what);
      throw new Error(what);
    }
  };
  const json = (path: string, body: Record<string, unknown>, type = 'application/json'): Answer => ({
    type,
    body: JSON.stringify(bends.get(path)?.(body) ?? body),
  });
  const give = (query: URLSearchParams): string => {
    const code = `code-${codes.size}`;
    codes.set(code, query);
    return code;
  };
  const take = (code: string | null): URLSearchParams => {
    const query = codes.get(code ?? '') ?? assertNone();
    codes.delete(code ?? '');
    return query;
  };
  const assertNone = (): never => {
    faults.push('an unknown code');
    throw new Error('an unknown code');
  };
  const back = (uri: string | null, parameters: Record<string, string>): Answer => ({
    status: 302,
    location: `${uri ?? ''}?${new URLSearchParams(parameters).toString()}`,
  });

  const GITHUB: Record<string, (sent: Sent) => Answer> = {
    '/login/oauth/authorize': ({ query }) => {
      need(
        query.get('client_id') === 'gh' &&
          query.get('code_challenge_method') === 'S256' &&
          (query.get('scope') ?? '').includes('user:email'),
        'GitHub: authorize',
      );
      return back(query.get('redirect_uri'), { code: give(query), state: query.get('state') ?? '' });
    },
    '/login/oauth/access_token': ({ method, headers, body }) => {
      const form = new URLSearchParams(body);
      need(
        method === 'POST' && form.get('client_secret') === 'gh-secret' && (form.get('code_verifier') ?? '').length >= 43,
        'GitHub: token',
      );
      // Without this header it answers with a form.
      need(headers.accept === 'application/json', 'GitHub: accept');
      take(form.get('code'));
      return json('/login/oauth/access_token', { access_token: 'gho_x', token_type: 'bearer', scope: 'read:user,user:email' });
    },
    '/api/user': ({ headers }) => {
      need(headers.authorization === 'Bearer gho_x' && headers['user-agent'] !== undefined, 'GitHub: user');
      return json('/api/user', { id: 583_231, login: 'mei-lin', name: 'Mei Lin', email: 'public@profile.example' });
    },
    '/api/user/emails': ({ headers }) => {
      need(headers.authorization === 'Bearer gho_x', 'GitHub: emails');
      const list = [
        { email: 'old@example.com', primary: false, verified: true },
        { email: 'mei@example.com', primary: true, verified: true },
      ];
      return { type: 'application/json', body: JSON.stringify(bends.get('/api/user/emails')?.({ list }) ?? list) };
    },
  };

  const WECHAT: Record<string, (sent: Sent) => Answer> = {
    '/connect/qrconnect': ({ query }) => {
      need(
        query.get('appid') === 'wx1' && query.get('scope') === 'snsapi_login' && query.get('response_type') === 'code',
        'WeChat: qrconnect',
      );
      need(!query.has('client_id') && !query.has('code_challenge'), 'WeChat: parameters that it does not know');
      return back(query.get('redirect_uri'), { code: give(query), state: query.get('state') ?? '' });
    },
    '/sns/oauth2/access_token': ({ method, query }) => {
      need(method === 'GET' && query.get('appid') === 'wx1' && query.get('grant_type') === 'authorization_code', 'WeChat: token');
      // Errors have status 200, and the type of everything is text.
      if (query.get('secret') !== 'wx-secret') return json('', { errcode: 40_125, errmsg: 'invalid appsecret' }, 'text/plain');
      take(query.get('code'));
      return json(
        '/sns/oauth2/access_token',
        { access_token: 'wx-token', expires_in: 7200, openid: 'openid-1', scope: 'snsapi_login', unionid: 'union-1' },
        'text/plain',
      );
    },
    '/sns/userinfo': ({ query }) => {
      need(query.get('access_token') === 'wx-token' && query.get('openid') === 'openid-1', 'WeChat: userinfo');
      return json('/sns/userinfo', { openid: 'openid-1', nickname: '小梅', unionid: 'union-1', privilege: [] }, 'text/plain');
    },
  };

  const ALIPAY: Record<string, (sent: Sent) => Answer> = {
    '/oauth2/publicAppAuthorize.htm': ({ query }) => {
      need(query.get('app_id') === 'ali1' && query.get('scope') === 'auth_user', 'Alipay: authorize');
      return back(query.get('redirect_uri'), {
        app_id: 'ali1',
        source: 'alipay_wallet',
        scope: 'auth_user',
        auth_code: give(query),
        state: query.get('state') ?? '',
      });
    },
    '/gateway.do': ({ method, body }) => {
      const form = new URLSearchParams(body);
      const signature = form.get('sign') ?? '';
      form.delete('sign');
      const text = [...form]
        .map(([name, value]) => `${name}=${value}`)
        .toSorted()
        .join('&');
      need(
        method === 'POST' && form.get('sign_type') === 'RSA2' && form.get('version') === '1.0' && form.get('charset') === 'utf-8',
        'Alipay: parameters',
      );
      need(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/.test(form.get('timestamp') ?? ''), 'Alipay: timestamp');
      need(verify('sha256', Buffer.from(text), alipayOurs.publicKey, Buffer.from(signature, 'base64')), 'Alipay: signature');
      const name = `${(form.get('method') ?? '').replaceAll('.', '_')}_response`;
      const answer = bends.get(name)?.(answerOf(form)) ?? answerOf(form);
      const inner = JSON.stringify(answer).replaceAll('/', '\\/');
      const signed = sign('sha256', Buffer.from(inner), alipayTheirs.privateKey).toString('base64');
      const whole = `{"${name}":${inner},"sign":"${signed}"}`;
      return { type: 'text/html;charset=utf-8', body: String(bends.get('whole')?.({ whole }) ?? whole) };
    },
  };
  function answerOf(form: URLSearchParams): Record<string, unknown> {
    if (form.get('method') === 'alipay.system.oauth.token') {
      take(form.get('code'));
      return {
        access_token: 'ali-token',
        open_id: 'ali-open-id',
        expires_in: 300,
        re_expires_in: 300,
        refresh_token: 'r',
        auth_start: '2026-01-01 00:00:00',
      };
    }
    need(form.get('method') === 'alipay.user.info.share' && form.get('auth_token') === 'ali-token', 'Alipay: user');
    return { code: '10000', msg: 'Success', open_id: 'ali-open-id', nick_name: '阿梅 {"} \\', avatar: 'https://tfs.alipayobjects.com/a/b' };
  }

  const DINGTALK: Record<string, (sent: Sent) => Answer> = {
    '/oauth2/auth': ({ query }) => {
      need(query.get('client_id') === 'ding1' && query.get('prompt') === 'consent' && query.get('scope') === 'openid', 'DingTalk: auth');
      return back(query.get('redirect_uri'), { authCode: give(query), state: query.get('state') ?? '' });
    },
    '/v1.0/oauth2/userAccessToken': ({ method, headers, body }) => {
      need(method === 'POST' && headers['content-type'] === 'application/json', 'DingTalk: a form');
      const { clientId, clientSecret, code, grantType } = Object(JSON.parse(body));
      need(clientId === 'ding1' && clientSecret === 'ding-secret' && grantType === 'authorization_code', 'DingTalk: token');
      take(String(code));
      return json('/v1.0/oauth2/userAccessToken', { accessToken: 'ding-token', refreshToken: 'r', expireIn: 7200, corpId: 'corp' });
    },
    '/v1.0/contact/users/me': ({ headers }) => {
      need(
        headers['x-acs-dingtalk-access-token'] === 'ding-token' && headers.authorization === undefined,
        'DingTalk: token in its own header',
      );
      return json('/v1.0/contact/users/me', {
        nick: '梅',
        unionId: 'ding-union',
        openId: 'ding-open',
        email: 'mei@example.com',
        mobile: '1',
        stateCode: '86',
      });
    },
  };

  /** OpenID Connect at a path, as Apple, Google and Microsoft speak it. */
  function openid(
    base: string,
    aud: string,
    secretHolds: (secret: string) => boolean,
    claims: object,
  ): Record<string, (sent: Sent) => Answer> {
    const issuer = `${origin}${base}`;
    const jwk = { ...idTokens.publicKey.export({ format: 'jwk' }), alg: 'RS256', use: 'sig', kid: 'k' };
    return {
      [`${base}/.well-known/openid-configuration`]: () =>
        json(`${base} metadata`, {
          issuer,
          authorization_endpoint: `${issuer}/authorize`,
          token_endpoint: `${issuer}/token`,
          jwks_uri: `${issuer}/keys`,
          response_types_supported: ['code'],
          subject_types_supported: ['pairwise'],
          id_token_signing_alg_values_supported: ['RS256'],
        }),
      [`${base}/keys`]: () => json('', { keys: [jwk] }),
      [`${base}/authorize`]: ({ query }) => {
        const answer = { code: give(query), state: query.get('state') ?? '' };
        if (query.get('response_mode') !== 'form_post') return back(query.get('redirect_uri'), answer);
        const user = JSON.stringify({ name: { firstName: 'Not', lastName: 'Signed' }, email: 'not@signed.example' });
        const fields = Object.entries({ ...answer, user }).map(
          ([name, value]) => `<input type="hidden" name="${name}" value="${value.replaceAll('"', '&quot;')}">`,
        );
        return { type: 'text/html', body: `<form method="post" action="${query.get('redirect_uri') ?? ''}">${fields.join('')}</form>` };
      },
      [`${base}/token`]: ({ body }) => {
        const form = new URLSearchParams(body);
        need(form.get('client_id') === aud && secretHolds(form.get('client_secret') ?? ''), `${base}: client secret`);
        const asked = take(form.get('code'));
        const now = Math.floor(Date.now() / 1000);
        const token = bends.get(`${base} id_token`)?.({}) ?? {};
        const text = `${part({ alg: 'RS256', kid: 'k' })}.${part({ iss: issuer, aud, sub: 'person', iat: now, exp: now + 600, nonce: asked.get('nonce'), ...claims, ...Object(token) })}`;
        return json('', {
          access_token: 'a',
          token_type: 'Bearer',
          id_token: `${text}.${sign('sha256', Buffer.from(text), idTokens.privateKey).toString('base64url')}`,
        });
      },
    };
  }
  const appleSecret = (secret: string): boolean => {
    const [header = '', claims = '', signature = ''] = secret.split('.');
    const { iss, sub, aud, exp, iat } = Object(JSON.parse(Buffer.from(claims, 'base64url').toString()));
    const { alg, kid } = Object(JSON.parse(Buffer.from(header, 'base64url').toString()));
    const key = { key: appleKey.publicKey, dsaEncoding: 'ieee-p1363' } as const;
    return (
      verify('sha256', Buffer.from(`${header}.${claims}`), key, Buffer.from(signature, 'base64url')) &&
      [iss, sub, aud, alg, kid].join() === ['TEAM', 'com.example.web', `${origin}/apple`, 'ES256', 'KEY'].join() &&
      exp - iat <= 15_777_000 &&
      exp > Date.now() / 1000
    );
  };

  const table: Record<string, (sent: Sent) => Answer> = {
    ...GITHUB,
    ...WECHAT,
    ...ALIPAY,
    ...DINGTALK,
    ...openid('/apple', 'com.example.web', appleSecret, {
      email: 'relay@privaterelay.appleid.com',
      email_verified: true,
      is_private_email: true,
    }),
    ...openid('/google', 'goog', (secret) => secret === 'goog-secret', {
      email: 'mei@example.com',
      email_verified: true,
      name: 'Mei Lin',
      hd: 'example.com',
    }),
    ...openid(`/ms/${TENANT}/v2.0`, 'ms', (secret) => secret === 'ms-secret', {
      email: 'alice@example.com',
      preferred_username: 'mei@example.com',
      oid: 'o',
      tid: TENANT,
      amr: ['pwd', 'mfa'],
    }),
  };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const url = new URL(request.url ?? '/', origin);
      const sent = {
        method: request.method ?? '',
        path: url.pathname,
        query: url.searchParams,
        headers: request.headers,
        body: Buffer.concat(chunks).toString(),
      };
      try {
        const { status = 200, type = 'text/plain', location, body = '' } = table[url.pathname]?.(sent) ?? { status: 404 };
        response.writeHead(status, { 'content-type': type, ...(location === undefined ? {} : { location }) }).end(body);
      } catch (error) {
        response.writeHead(400).end(String(error));
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    origin,
    alipay: { ours: pem(createPrivateKey(pem(alipayOurs.privateKey))), theirs: pem(createPublicKey(pem(alipayTheirs.publicKey))) },
    apple: { privateKey: pem(appleKey.privateKey) },
    faults,
    bends,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
