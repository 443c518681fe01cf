import { object, required, withDefault } from '../../config/collection-shapes.ts';
import type { OAuth2Upstream } from '../../config/upstream-config.ts';
import type { Context } from '../../context.ts';
import { callForJson, requireText } from '../call.ts';
import type { Preset } from '../preset.ts';
import { BASE_KEYS, buildBase, clientId, secretText, webUri } from '../shapes.ts';
import type { Visit } from '../visit.ts';

/**
 * DingTalk: an OAuth 2 whose code comes as `authCode`, whose token endpoint takes and gives JSON, and whose API wants the token in a header of its
 * own. `unionId` names somebody to all applications of one company. Addresses there are not verified.
 */
export const dingtalk: Preset = {
  label: { en: 'DingTalk', 'zh-CN': '钉钉' },
  letter: { en: 'D', 'zh-CN': '钉' },
  shape: object({
    keys: {
      ...BASE_KEYS,
      client_id: required(clientId, 'Client ID (AppKey) of an application.'),
      client_secret: required(secretText, 'Its client secret (AppSecret). Best as ${VARIABLE}.'),
      web: withDefault(webUri, 'https://login.dingtalk.com', 'Where people are sent.'),
      api: withDefault(webUri, 'https://api.dingtalk.com', 'Its API.'),
    },
    build: (values) => {
      const web = values.web.replace(/\/$/, '');
      const api = values.api.replace(/\/$/, '');
      return {
        ...buildBase(values, 'dingtalk'),
        kind: 'oauth2',
        issuer: web,
        answerIssuer: undefined,
        clientId: values.client_id,
        clientSecret: values.client_secret,
        clientAuth: 'post',
        scopes: ['openid'],
        pkce: false,
        endpoints: {
          authorization: `${web}/oauth2/auth`,
          token: `${api}/v1.0/oauth2/userAccessToken`,
          userinfo: `${api}/v1.0/contact/users/me`,
          emails: undefined,
        },
        subject: 'unionId',
        keys: {},
      };
    },
  }),
  dialect: {
    parameters: ({ clientId: id, scopes }, visit) => ({
      response_type: 'code',
      client_id: id,
      redirect_uri: visit.callback,
      scope: scopes.join(' '),
      state: visit.id,
      // Without it the page does not come.
      prompt: 'consent',
    }),
    codeName: 'authCode',
    learn,
  },
};

async function learn(ctx: Context, upstream: OAuth2Upstream, _visit: Visit, code: string): Promise<Readonly<Record<string, unknown>>> {
  const { endpoints, clientId: id, clientSecret } = upstream;
  const tokens = await callForJson(ctx, endpoints.token, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body: JSON.stringify({ clientId: id, clientSecret: clientSecret?.reveal() ?? '', code, grantType: 'authorization_code' }),
  });
  const person = await callForJson(ctx, endpoints.userinfo, {
    method: 'GET',
    headers: { 'x-acs-dingtalk-access-token': requireText(tokens, 'accessToken'), accept: 'application/json' },
  });
  const { unionId, nick, email } = person;
  return { unionId, nickname: nick, email };
}
