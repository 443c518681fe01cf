import { JWT_BEARER_GRANT, SAML2_BEARER_GRANT, TOKEN_EXCHANGE_GRANT } from '@hufu/protocol/client-metadata';
import { CIBA, DEVICE_CODE } from '@hufu/protocol/grant-type';
import { authorizationCode } from './authorization-code.ts';
import { ciba } from './ciba.ts';
import { clientCredentials } from './client-credentials.ts';
import { deviceCode } from './device-code.ts';
import type { GrantHandler } from './grant.ts';
import { jwtBearer } from './jwt-bearer.ts';
import { password } from './password.ts';
import { refreshToken } from './refresh-token.ts';
import { saml2Bearer } from './saml2-bearer.ts';
import { tokenExchange } from './token-exchange.ts';

/** A grant type is one file and one line here; metadata derives from this table. */
export const grantTypes: ReadonlyMap<string, GrantHandler> = new Map<string, GrantHandler>([
  ['authorization_code', authorizationCode],
  ['refresh_token', refreshToken],
  ['client_credentials', clientCredentials],
  [JWT_BEARER_GRANT, jwtBearer],
  [SAML2_BEARER_GRANT, saml2Bearer],
  [TOKEN_EXCHANGE_GRANT, tokenExchange],
  ['password', password],
  [DEVICE_CODE, deviceCode],
  [CIBA, ciba],
]);
