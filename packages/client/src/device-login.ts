import { DEVICE_CODE } from '@hufu/protocol/grant-type';
import { malformed, refusal } from './ask.ts';
import { type Client, dpopKeyFor } from './client.ts';
import { ClientError } from './client-error.ts';
import { pause, systemClock } from './clock.ts';
import type { SignedIn } from './finish-sign-in.ts';
import { printable } from './printable.ts';
import { isSafeAddress } from './server-metadata.ts';
import { callEndpoint } from './token-endpoint.ts';
import { fetchTokens, type Tokens } from './tokens.ts';
import { fetchKeysFirst, verifySignIn } from './verify-sign-in.ts';

/** What the user has to do (RFC 8628 §3.2), fit for a terminal. */
export interface DeviceInstructions {
  readonly userCode: string;
  /** An https address. */
  readonly verificationUri: string;
  /** The same with the code in it, where the server has one: for a QR code. */
  readonly verificationUriComplete: string;
  readonly expiresInSeconds: number;
}

export interface DeviceLoginRequest {
  readonly scope?: string;
  readonly resource?: string | readonly string[];
  /** Tells the user. */
  show(instructions: DeviceInstructions): void | Promise<void>;
  readonly signal?: AbortSignal;
  /** Waits for some milliseconds; for tests. */
  readonly wait?: (ms: number) => Promise<void>;
}

const DEFAULT_INTERVAL = 5;
const MAX_INTERVAL = 300;
const MAX_LIFETIME = 3_600;

/**
 * Signs somebody in who has a browser elsewhere (RFC 8628): shows them a code and asks until they have decided. Throws `ClientError`;
 * `refused` with `access_denied` where they said no, and with `expired_token` where nobody said anything.
 */
export async function signInByDevice(client: Client, request: DeviceLoginRequest): Promise<SignedIn> {
  const { signal, wait = (ms) => pause(systemClock, ms, signal) } = request;
  const asked: (readonly [string, string | undefined])[] = [
    ['scope', request.scope],
    ...[request.resource ?? []].flat().map((resource) => ['resource', resource] as const),
  ];
  const isOpenid = (request.scope ?? '').split(' ').includes('openid');
  // A server that publishes no keys gives no ID tokens, whatever it is asked for: here nobody needs one.
  if (isOpenid && (await client.metadata(signal)).has('jwks_uri')) await fetchKeysFirst(client, wait);
  const { deviceCode, interval: first, ...instructions } = await begin(client, asked, signal);
  const dpopKey = await dpopKeyFor(client);
  await request.show(instructions);
  const end = client.nowMs() + instructions.expiresInSeconds * 1_000;
  for (let interval = first; client.nowMs() < end; ) {
    await wait(interval * 1_000);
    let tokens: Tokens;
    try {
      tokens = await fetchTokens(client, DEVICE_CODE, { parameters: [['device_code', deviceCode]], dpopKey, signal });
    } catch (error) {
      interval = nextInterval(error, interval);
      continue;
    }
    const { idToken, ...more } = tokens;
    // Whoever asked for no ID token reads none.
    if (!isOpenid || idToken === undefined) return { ...more, ...(dpopKey && { dpopKey }) };
    // There is no request that a nonce could stand in.
    const claims = await verifySignIn(client, tokens, { nonce: undefined }, wait);
    return { ...tokens, claims, ...(dpopKey && { dpopKey }) };
  }
  throw new ClientError('refused', 'expired_token', 'the code has expired before anybody allowed it');
}

type DeviceCode = DeviceInstructions & { readonly deviceCode: string; readonly interval: number };

async function begin(
  client: Client,
  parameters: Iterable<readonly [string, string | undefined]>,
  signal: AbortSignal | undefined,
): Promise<DeviceCode> {
  const answer = await callEndpoint(client, 'device_authorization_endpoint', { parameters, signal });
  if (answer.status !== 200 || answer.body?.['error'] !== undefined) throw refusal(answer, client.issuer);
  const { device_code: deviceCode, user_code: code, expires_in: expiresIn, interval } = answer.body ?? {};
  const userCode = printable(code, 64);
  const verificationUri = pageOf(answer.body?.['verification_uri']);
  if (typeof deviceCode !== 'string' || userCode === undefined || verificationUri === undefined)
    throw malformed(`${client.issuer} gave no code that could be shown`);
  return {
    deviceCode,
    userCode,
    verificationUri,
    verificationUriComplete: pageOf(answer.body?.['verification_uri_complete']) ?? verificationUri,
    expiresInSeconds: seconds(expiresIn, MAX_LIFETIME, MAX_LIFETIME),
    interval: seconds(interval, DEFAULT_INTERVAL, MAX_INTERVAL),
  };
}

/** RFC 8628 §3.5: after a connection that failed, as after `slow_down`, it waits longer. */
function nextInterval(error: unknown, interval: number): number {
  if (!(error instanceof ClientError)) throw error;
  if (error.code === 'authorization_pending') return interval;
  const isSlower = error.code === 'slow_down' || error.kind === 'unreachable' || error.kind === 'unavailable';
  if (!isSlower) throw error;
  return Math.min(interval + 5, MAX_INTERVAL);
}

/** A page of the web, and nothing that a terminal would obey. */
function pageOf(value: unknown): string | undefined {
  return typeof value === 'string' && isSafeAddress(value) ? value : undefined;
}

function seconds(value: unknown, otherwise: number, most: number): number {
  return typeof value === 'number' && value > 0 ? Math.min(value, most) : otherwise;
}
