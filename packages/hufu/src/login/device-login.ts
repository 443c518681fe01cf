import { DEVICE_CODE } from '@hufu/protocol/grant-type';
import { findWebUriFault } from '@hufu/protocol/web-uri';
import { RefusedError } from '../command.ts';
import type { Account } from './account-file.ts';
import { explain, type Issuer, postForm, printable } from './issuer.ts';

/** What the user has to do (RFC 8628 §3.2). */
export interface Instructions {
  readonly userCode: string;
  readonly verificationUri: string;
  /** The same with the code in it: what the QR code holds. */
  readonly complete: string;
  /** Seconds. */
  readonly expiresIn: number;
}

export interface DeviceLogin {
  readonly clientId: string;
  readonly scope: string;
  readonly resource: string | undefined;
  /** Tells the user. */
  show(instructions: Instructions): Promise<void>;
  wait(ms: number): Promise<void>;
  nowMs(): number;
}

const DEFAULT_INTERVAL = 5;
const MAX_INTERVAL = 300;
const MAX_LIFETIME = 3_600;

/** Signs somebody in by the device flow (RFC 8628 §3.1 to §3.5): shows them the code and asks until they have decided. Throws `RefusedError`. */
export async function signInByDevice(server: Issuer, login: DeviceLogin): Promise<Account> {
  if (server.deviceAuthorizationEndpoint === undefined) throw new RefusedError(`${server.issuer} has no device authorization endpoint`);
  const { clientId, scope, resource } = login;
  const asked = await postForm(server.deviceAuthorizationEndpoint, { client_id: clientId, scope, resource });
  if (asked.status !== 200) throw new RefusedError(`${server.issuer} refuses: ${explain(asked)}`);
  const { device_code: deviceCode, expires_in: expiresIn, interval: firstInterval } = asked.body;
  const userCode = printable(asked.body['user_code']);
  const verificationUri = pageOf(asked.body['verification_uri']);
  if (typeof deviceCode !== 'string' || userCode === '' || verificationUri === undefined)
    throw new RefusedError(`${server.issuer} gave no code that could be shown`);
  const lifetime = seconds(expiresIn, MAX_LIFETIME, MAX_LIFETIME);
  await login.show({
    userCode,
    verificationUri,
    complete: pageOf(asked.body['verification_uri_complete']) ?? verificationUri,
    expiresIn: lifetime,
  });

  const end = login.nowMs() + lifetime * 1_000;
  let interval = seconds(firstInterval, DEFAULT_INTERVAL, MAX_INTERVAL);
  while (login.nowMs() < end) {
    await login.wait(interval * 1_000);
    const reply = await postForm(server.tokenEndpoint, { grant_type: DEVICE_CODE, client_id: clientId, device_code: deviceCode }).catch(
      quiet,
    );
    // RFC 8628 §3.5: after a connection that failed, as after slow_down, it waits longer.
    const code = reply === undefined || reply.status >= 500 ? 'slow_down' : reply.body['error'];
    if (reply?.status === 200) return readTokens(server.issuer, clientId, reply.body, login.nowMs());
    if (code === 'slow_down') interval = Math.min(interval + 5, MAX_INTERVAL);
    else if (code === 'access_denied') throw new RefusedError('it was denied');
    else if (code === 'expired_token') break;
    else if (code !== 'authorization_pending') throw new RefusedError(reply === undefined ? 'no answer' : explain(reply));
  }
  throw new RefusedError('the code has expired before anybody allowed it; start again');
}

/** A token response (RFC 6749 §5.1) as an account. Throws `RefusedError` for what is none. */
export function readTokens(
  issuer: string,
  clientId: string,
  body: Readonly<Record<string, unknown>>,
  nowMs: number,
  before?: Account,
): Account {
  const { access_token: accessToken, token_type: tokenType, expires_in: expiresIn, refresh_token: refreshToken, scope } = body;
  if (typeof accessToken !== 'string' || !/^[\x21-\x7e]{1,16384}$/.test(accessToken))
    throw new RefusedError(`${issuer} sent no access token`);
  if (typeof tokenType !== 'string' || tokenType.toLowerCase() !== 'bearer')
    throw new RefusedError(`${issuer} sent a token of a kind that this command cannot use`);
  return {
    issuer,
    clientId,
    accessToken,
    tokenType: 'Bearer',
    expiresAt: Math.floor(nowMs / 1_000) + seconds(expiresIn, 0, 86_400),
    refreshToken: typeof refreshToken === 'string' ? refreshToken : before?.refreshToken,
    scope: typeof scope === 'string' ? printable(scope) : (before?.scope ?? ''),
  };
}

function pageOf(value: unknown): string | undefined {
  return typeof value === 'string' && printable(value) === value && findWebUriFault(value) === undefined ? value : undefined;
}

function seconds(value: unknown, otherwise: number, most: number): number {
  return typeof value === 'number' && value > 0 ? Math.min(value, most) : otherwise;
}

function quiet(error: unknown): undefined {
  if (!(error instanceof RefusedError)) throw error;
}
