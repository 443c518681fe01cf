import { object, required, withDefault } from '../../config/collection-shapes.ts';
import { text } from '../../config/scalar-shapes.ts';
import type { Preset } from '../preset.ts';
import { BASE_KEYS, buildBase, checkLink, clientId, EMAIL_KEYS, privateKey, scopes, webUri } from '../shapes.ts';

/**
 * Sign in with Apple: OpenID Connect whose client secret is a JWT that the team's key signs, and whose answer is a form as soon as a name or an
 * address is asked for. The name comes beside the token, once, and is not signed: it is not taken.
 */
export const apple: Preset = {
  label: { en: 'Apple', 'zh-CN': 'Apple' },
  letter: { en: 'A', 'zh-CN': 'A' },
  shape: object({
    keys: {
      ...BASE_KEYS,
      ...EMAIL_KEYS,
      client_id: required(clientId, 'Identifier of a Services ID.'),
      team_id: required(text(32), 'Team ID.'),
      key_id: required(text(32), 'ID of the key for Sign in with Apple.'),
      private_key: required(privateKey, 'What the downloaded .p8 file holds. Best as ${VARIABLE}.'),
      scopes: withDefault(scopes, ['openid', 'email'], 'What is asked for.'),
      issuer: withDefault(webUri, 'https://appleid.apple.com', 'Its issuer.'),
    },
    check: checkLink,
    build: (values) => ({
      ...buildBase(values, 'apple'),
      kind: 'oidc',
      issuer: values.issuer,
      clientId: values.client_id,
      clientAuth: { kind: 'apple', teamId: values.team_id, keyId: values.key_id, privateKey: values.private_key },
      scopes: values.scopes,
      idTokenAlg: 'RS256',
      responseMode: 'form_post',
      userinfo: false,
      trustAmr: false,
    }),
  }),
};
