import { object, required, withDefault } from '../../config/collection-shapes.ts';
import { choice } from '../../config/scalar-shapes.ts';
import type { OAuth2Upstream } from '../../config/upstream-config.ts';
import type { Context } from '../../context.ts';
import { callForJson, requireText } from '../call.ts';
import type { Preset } from '../preset.ts';
import { BASE_KEYS, buildBase, clientId, secretText, webUri } from '../shapes.ts';
import { UpstreamRefused } from '../upstream-refused.ts';
import type { Visit } from '../visit.ts';

/**
 * WeChat (website applications of its open platform): an OAuth 2 with `appid` and `secret` in addresses, without PKCE, whose errors come with status
 * 200. `openid` names somebody to this application alone, `unionid` to all of the same account there. It knows no address.
 */
export const wechat: Preset = {
  label: { en: 'WeChat', 'zh-CN': '微信' },
  letter: { en: 'W', 'zh-CN': '微' },
  shape: object({
    keys: {
      ...BASE_KEYS,
      client_id: required(clientId, 'AppID of a website application.'),
      client_secret: required(secretText, 'Its AppSecret. Best as ${VARIABLE}.'),
      subject: withDefault(
        choice(['unionid', 'openid']),
        'unionid',
        'What people are kept by: unionid, the same in all applications of your account, or openid, of this one alone. Never to be changed.',
      ),
      web: withDefault(webUri, 'https://open.weixin.qq.com', 'Where people are sent.'),
      api: withDefault(webUri, 'https://api.weixin.qq.com', 'Its API.'),
    },
    build: (values) => {
      const web = values.web.replace(/\/$/, '');
      const api = values.api.replace(/\/$/, '');
      return {
        ...buildBase(values, 'wechat'),
        kind: 'oauth2',
        // Two applications may give the same openid to two people.
        issuer: values.subject === 'openid' ? `${web}/${values.client_id}` : web,
        answerIssuer: undefined,
        clientId: values.client_id,
        clientSecret: values.client_secret,
        clientAuth: 'post',
        scopes: ['snsapi_login'],
        pkce: false,
        endpoints: {
          authorization: `${web}/connect/qrconnect`,
          token: `${api}/sns/oauth2/access_token`,
          userinfo: `${api}/sns/userinfo`,
          emails: undefined,
        },
        subject: values.subject,
        keys: {},
      };
    },
  }),
  dialect: {
    parameters: ({ clientId: appid, scopes }, visit) => ({
      appid,
      redirect_uri: visit.callback,
      response_type: 'code',
      scope: scopes.join(','),
      state: visit.id,
    }),
    fragment: 'wechat_redirect',
    learn,
  },
};

async function learn(ctx: Context, upstream: OAuth2Upstream, _visit: Visit, code: string): Promise<Readonly<Record<string, unknown>>> {
  const { endpoints, clientId: appid, clientSecret } = upstream;
  const tokens = await ask(ctx, endpoints.token, {
    appid,
    secret: clientSecret?.reveal() ?? '',
    code,
    grant_type: 'authorization_code',
  });
  const openid = requireText(tokens, 'openid');
  const person = await ask(ctx, endpoints.userinfo, { access_token: requireText(tokens, 'access_token'), openid });
  if (person['openid'] !== openid) throw new UpstreamRefused('failed', 'its two answers are about two people');
  return { openid, unionid: person['unionid'], nickname: person['nickname'] };
}

async function ask(ctx: Context, url: string, parameters: Readonly<Record<string, string>>): Promise<Readonly<Record<string, unknown>>> {
  const answer = await callForJson(ctx, `${url}?${new URLSearchParams(parameters).toString()}`, { method: 'GET' });
  const { errcode } = answer;
  if (errcode !== undefined && errcode !== 0) throw new UpstreamRefused('failed', `it answered errcode ${String(errcode).slice(0, 20)}`);
  return answer;
}
