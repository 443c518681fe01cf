import { object, required, withDefault } from '../../config/collection-shapes.ts';
import type { Preset } from '../preset.ts';
import { BASE_KEYS, buildBase, checkLink, clientId, EMAIL_KEYS, scopes, secretText, webUri } from '../shapes.ts';

/** Google: OpenID Connect as it stands. An address is Google's to speak for where it is at gmail.com, or at a domain that it hosts. */
export const google: Preset = {
  label: { en: 'Google', 'zh-CN': 'Google' },
  letter: { en: 'G', 'zh-CN': 'G' },
  shape: object({
    keys: {
      ...BASE_KEYS,
      ...EMAIL_KEYS,
      client_id: required(clientId, 'Client ID of an OAuth client of type Web application.'),
      client_secret: required(secretText, 'Its client secret. Best as ${VARIABLE}.'),
      scopes: withDefault(scopes, ['openid', 'profile', 'email'], 'What is asked for.'),
      issuer: withDefault(webUri, 'https://accounts.google.com', 'Its issuer.'),
    },
    check: checkLink,
    build: (values) => ({
      ...buildBase(values, 'google'),
      kind: 'oidc',
      issuer: values.issuer,
      clientId: values.client_id,
      clientAuth: { kind: 'post', secret: values.client_secret },
      scopes: values.scopes,
      idTokenAlg: 'RS256',
      responseMode: 'query',
      userinfo: false,
      trustAmr: false,
    }),
  }),
};
