/** Floor of `client_credentials_es256` and `client_credentials_opaque`: the form, the secret by one hash, one signature or one seal. */
import { parse } from 'node:querystring';
import { ACCESS_TOKEN_SECONDS, API_SCOPE, JWT_RESOURCE } from '../contract.ts';
import { readTexts } from '../json.ts';
import { authenticate } from './client-auth.ts';
import { accessClaims, JwtSigner } from './jwt.ts';
import { isSealedToken, sealedToken } from './opaque.ts';
import { refuse, replyJson, serve } from './serve.ts';
import { readSettings } from './settings.ts';

const settings = readSettings();
const signer = new JwtSigner(settings.ecKey, 'at+jwt');

serve(
  settings,
  (request, body, response) => {
    const clientId = authenticate(request.headers.authorization);
    if (clientId === undefined) return refuse(response, 401, 'invalid_client');
    const form = parse(body);
    if (form['grant_type'] !== 'client_credentials') return refuse(response, 400, 'unsupported_grant_type');
    if (form['resource'] !== settings.resource) return refuse(response, 400, 'invalid_target');
    if (form['scope'] !== API_SCOPE) return refuse(response, 400, 'invalid_scope');
    const accessToken =
      settings.resource === JWT_RESOURCE
        ? signer.sign(accessClaims(settings.issuer, clientId, clientId, settings.resource, API_SCOPE))
        : sealedToken();
    replyJson(response, 200, { access_token: accessToken, token_type: 'Bearer', expires_in: ACCESS_TOKEN_SECONDS, scope: API_SCOPE });
  },
  (order) => readTexts(order, 'confirm').every(isSealedToken),
);
