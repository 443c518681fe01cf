import { object, required, withDefault } from '../../config/collection-shapes.ts';
import type { OAuth2Upstream } from '../../config/upstream-config.ts';
import type { Context } from '../../context.ts';
import { callForJson, callUpstream, readJson } from '../call.ts';
import { bearer, exchangeCode } from '../oauth2.ts';
import type { Preset } from '../preset.ts';
import { BASE_KEYS, buildBase, checkLink, clientId, EMAIL_KEYS, scopes, secretText, webUri } from '../shapes.ts';
import type { Visit } from '../visit.ts';

/** GitHub: OAuth 2. Its `login` can be changed and be taken by somebody else, `id` cannot. Which addresses are verified is told by a list of its own. */
export const github: Preset = {
  label: { en: 'GitHub', 'zh-CN': 'GitHub' },
  letter: { en: 'G', 'zh-CN': 'G' },
  shape: object({
    keys: {
      ...BASE_KEYS,
      ...EMAIL_KEYS,
      client_id: required(clientId, 'Client ID of an OAuth app.'),
      client_secret: required(secretText, 'One of its client secrets. Best as ${VARIABLE}.'),
      scopes: withDefault(scopes, ['read:user', 'user:email'], 'What is asked for.'),
      web: withDefault(webUri, 'https://github.com', 'Its site; GitHub Enterprise has one of its own.'),
      api: withDefault(webUri, 'https://api.github.com', 'Its API; https://HOST/api/v3 of GitHub Enterprise.'),
    },
    check: checkLink,
    build: (values) => {
      const web = values.web.replace(/\/$/, '');
      const api = values.api.replace(/\/$/, '');
      return {
        ...buildBase(values, 'github'),
        kind: 'oauth2',
        issuer: web,
        answerIssuer: undefined,
        clientId: values.client_id,
        clientSecret: values.client_secret,
        clientAuth: 'post',
        scopes: values.scopes,
        pkce: true,
        endpoints: {
          authorization: `${web}/login/oauth/authorize`,
          token: `${web}/login/oauth/access_token`,
          userinfo: `${api}/user`,
          emails: `${api}/user/emails`,
        },
        subject: 'id',
        keys: {},
      };
    },
  }),
  dialect: { learn },
};

async function learn(ctx: Context, upstream: OAuth2Upstream, visit: Visit, code: string): Promise<Readonly<Record<string, unknown>>> {
  const token = await exchangeCode(ctx, upstream, visit, code);
  const headers = { ...bearer(token), accept: 'application/vnd.github+json' };
  const user = await callForJson(ctx, upstream.endpoints.userinfo, { method: 'GET', headers });
  const { id, login, name } = user;
  return { id, name, preferred_username: login, ...(await primaryAddress(ctx, upstream.endpoints.emails, headers)) };
}

/** The address of the profile is whatever somebody shows; the primary one of the list says whether it was verified. */
async function primaryAddress(
  ctx: Context,
  url: string | undefined,
  headers: Readonly<Record<string, string>>,
): Promise<Readonly<Record<string, unknown>>> {
  if (url === undefined) return {};
  const reply = await callUpstream(ctx, url, { method: 'GET', headers });
  // Without the scope there is no list.
  if (reply.status !== 200) return {};
  const list = readJson(reply.body.toString(), url);
  if (!Array.isArray(list)) return {};
  const entries: readonly unknown[] = list.slice(0, 100);
  for (const entry of entries) {
    if (typeof entry !== 'object' || entry === null || !('primary' in entry) || entry.primary !== true) continue;
    return { email: 'email' in entry ? entry.email : undefined, email_verified: 'verified' in entry && entry.verified === true };
  }
  return {};
}
