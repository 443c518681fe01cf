import { sign, verify } from 'node:crypto';
import { object, required, withDefault } from '../../config/collection-shapes.ts';
import { choice } from '../../config/scalar-shapes.ts';
import type { OAuth2Upstream } from '../../config/upstream-config.ts';
import type { Context } from '../../context.ts';
import { callUpstream, readJson, requireObject, requireText } from '../call.ts';
import type { Preset } from '../preset.ts';
import { BASE_KEYS, buildBase, clientId, privateKey, webUri } from '../shapes.ts';
import { UpstreamRefused } from '../upstream-refused.ts';
import type { Visit } from '../visit.ts';

type Json = Readonly<Record<string, unknown>>;

/**
 * Alipay (its open platform): an OAuth 2 whose code comes as `auth_code`, and whose API is one gateway: each call is signed with our RSA key and each
 * answer with theirs (RSA2: RSASSA-PKCS1-v1_5 with SHA-256). It knows no address.
 */
export const alipay: Preset = {
  label: { en: 'Alipay', 'zh-CN': '支付宝' },
  letter: { en: 'A', 'zh-CN': '支' },
  shape: object({
    keys: {
      ...BASE_KEYS,
      client_id: required(clientId, 'APPID of an application.'),
      private_key: required(privateKey, 'The application’s private key, in PEM. Best as ${VARIABLE}.'),
      alipay_public_key: required(privateKey, 'The public key that Alipay shows for the application, in PEM.'),
      subject: withDefault(
        choice(['open_id', 'user_id']),
        'open_id',
        'What people are kept by: open_id, or user_id of older applications. Never to be changed.',
      ),
      web: withDefault(webUri, 'https://openauth.alipay.com', 'Where people are sent.'),
      gateway: withDefault(webUri, 'https://openapi.alipay.com/gateway.do', 'Its API.'),
    },
    build: (values) => {
      const web = values.web.replace(/\/$/, '');
      return {
        ...buildBase(values, 'alipay'),
        kind: 'oauth2',
        // Two applications may give the same open_id to two people.
        issuer: values.subject === 'open_id' ? `${web}/${values.client_id}` : web,
        answerIssuer: undefined,
        clientId: values.client_id,
        clientSecret: undefined,
        clientAuth: 'post',
        scopes: ['auth_user'],
        pkce: false,
        endpoints: {
          authorization: `${web}/oauth2/publicAppAuthorize.htm`,
          token: values.gateway,
          userinfo: values.gateway,
          emails: undefined,
        },
        subject: values.subject,
        keys: { ours: values.private_key, theirs: values.alipay_public_key },
      };
    },
  }),
  dialect: {
    parameters: ({ clientId: id, scopes }, visit) => ({
      app_id: id,
      scope: scopes.join(','),
      redirect_uri: visit.callback,
      state: visit.id,
    }),
    codeName: 'auth_code',
    learn,
  },
};

async function learn(ctx: Context, upstream: OAuth2Upstream, visit: Visit, code: string): Promise<Json> {
  const { subject } = upstream;
  const tokens = await ask(ctx, upstream, visit, 'alipay.system.oauth.token', { grant_type: 'authorization_code', code });
  const id = requireText(tokens, subject);
  const person = await ask(ctx, upstream, visit, 'alipay.user.info.share', { auth_token: requireText(tokens, 'access_token') });
  if (person[subject] !== id) throw new UpstreamRefused('failed', 'its two answers are about two people');
  return { [subject]: id, nickname: person['nick_name'] };
}

/** One call of the gateway. What it answers counts only under Alipay's signature, which covers the very characters of the answer. */
async function ask(
  ctx: Context,
  { endpoints, clientId: id, keys }: OAuth2Upstream,
  visit: Visit,
  method: string,
  more: Readonly<Record<string, string>>,
): Promise<Json> {
  const parameters: Record<string, string> = {
    app_id: id,
    method,
    format: 'JSON',
    charset: 'utf-8',
    sign_type: 'RSA2',
    timestamp: chinaTime(visit.now),
    version: '1.0',
    ...more,
  };
  // In the order of their names, as they are before they are encoded.
  const text = Object.keys(parameters)
    .toSorted()
    .map((name) => `${name}=${parameters[name] ?? ''}`)
    .join('&');
  parameters['sign'] = sign('sha256', Buffer.from(text), keys['ours']?.reveal() ?? '').toString('base64');
  const reply = await callUpstream(ctx, endpoints.token, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded;charset=utf-8' },
    body: new URLSearchParams(parameters).toString(),
  });
  const whole = reply.body.toString();
  const envelope = requireObject(readJson(whole, endpoints.token), endpoints.token);
  const name = `${method.replaceAll('.', '_')}_response`;
  const signed = envelope[name] === undefined ? undefined : findSigned(whole, name);
  if (signed === undefined) throw refusedBy(requireObject(envelope['error_response'] ?? {}, endpoints.token));
  const signature = Buffer.from(requireText(envelope, 'sign'), 'base64');
  if (!verify('sha256', Buffer.from(signed), keys['theirs']?.reveal() ?? '', signature))
    throw new UpstreamRefused('failed', 'its answer is not signed by its key');
  // What is used is what was signed, whatever stands elsewhere under the same name.
  const answer = requireObject(readJson(signed, endpoints.token), endpoints.token);
  if (answer['code'] !== undefined && answer['code'] !== '10000') throw refusedBy(answer);
  return answer;
}

function refusedBy({ code, sub_code: subCode }: Json): UpstreamRefused {
  return new UpstreamRefused(
    'failed',
    `it answered ${String(code).slice(0, 20)} ${typeof subCode === 'string' ? subCode.slice(0, 60) : ''}`,
  );
}

/** The characters of a member's object, from its brace to the one that closes it; undefined where the text has it twice, or not in one piece. */
function findSigned(text: string, name: string): string | undefined {
  const key = `"${name}":`;
  const at = text.indexOf(key);
  if (at < 0 || text.indexOf(key, at + 1) >= 0 || text[at + key.length] !== '{') return undefined;
  const start = at + key.length;
  let depth = 0;
  let quoted = false;
  for (let i = start; i < text.length; i++) {
    const character = text[i];
    if (quoted) {
      if (character === '\\') i += 1;
      else if (character === '"') quoted = false;
    } else if (character === '"') quoted = true;
    else if (character === '{') depth += 1;
    else if (character === '}' && --depth === 0) return text.slice(start, i + 1);
  }
  return undefined;
}

/** yyyy-MM-dd HH:mm:ss in China, which has one time and no summer time. */
function chinaTime(now: number): string {
  return new Date((now + 8 * 3_600) * 1000).toISOString().slice(0, 19).replace('T', ' ');
}
