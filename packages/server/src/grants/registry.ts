import { CIBA, DEVICE_CODE } from '@hufu/protocol/grant-type';
import { authorizationCode } from './authorization-code.ts';
import { ciba } from './ciba.ts';
import { clientCredentials } from './client-credentials.ts';
import { deviceCode } from './device-code.ts';
import type { GrantHandler } from './grant.ts';
import { refreshToken } from './refresh-token.ts';

/** A grant type is one file and one line here; metadata derives from this table. */
export const grantTypes: ReadonlyMap<string, GrantHandler> = new Map<string, GrantHandler>([
  ['authorization_code', authorizationCode],
  ['refresh_token', refreshToken],
  ['client_credentials', clientCredentials],
  [DEVICE_CODE, deviceCode],
  [CIBA, ciba],
]);
