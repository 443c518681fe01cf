import type { AuthenticationResponseJSON, RegistrationResponseJSON } from '@simplewebauthn/server';

/** What the browser says that the authenticator signed (WebAuthn §5.8.1). */
export interface ClientData {
  readonly type: string;
  readonly challenge: string;
  readonly origin: string;
  /** In a frame of another site. */
  readonly crossOrigin: boolean;
}

/** Characters of a credential that a form brings; RSA keys and long credential ids stay far below it. */
const MAX_CREDENTIAL = 16_384;
/** Characters of base64url: 1,023 bytes (WebAuthn §7.1). */
const MAX_ID = 1_364;
const MAX_TRANSPORTS = 8;
const BASE64URL = /^[\w-]+$/;

/** The answer of `navigator.credentials.get()` as `toJSON()` writes it (WebAuthn §5.1); undefined for anything else. */
export function readAssertion(text: string): AuthenticationResponseJSON | undefined {
  const read = readCredential(text);
  if (read === undefined) return undefined;
  const { id, response } = read;
  const { clientDataJSON, authenticatorData, signature, userHandle } = response;
  if (!isBytes(clientDataJSON) || !isBytes(authenticatorData) || !isBytes(signature)) return undefined;
  const handle = userHandle === undefined || userHandle === null || userHandle === '' ? undefined : userHandle;
  if (handle !== undefined && !isBytes(handle)) return undefined;
  return {
    id,
    rawId: id,
    type: 'public-key',
    clientExtensionResults: {},
    response: { clientDataJSON, authenticatorData, signature, ...(handle === undefined ? {} : { userHandle: handle }) },
  };
}

/** The answer of `navigator.credentials.create()`, read in the same way. */
export function readRegistration(text: string): RegistrationResponseJSON | undefined {
  const read = readCredential(text);
  if (read === undefined) return undefined;
  const { id, response } = read;
  const { clientDataJSON, attestationObject, transports } = response;
  if (!isBytes(clientDataJSON) || !isBytes(attestationObject)) return undefined;
  const listed = Array.isArray(transports) ? transports.slice(0, MAX_TRANSPORTS).filter(isTransport) : [];
  return {
    id,
    rawId: id,
    type: 'public-key',
    clientExtensionResults: {},
    response: { clientDataJSON, attestationObject, transports: listed },
  };
}

/** Undefined where it is no such thing. */
export function readClientData(clientDataJson: string): ClientData | undefined {
  const data = parseObject(Buffer.from(clientDataJson, 'base64url').toString());
  if (data === undefined) return undefined;
  const { type, challenge, origin, crossOrigin, topOrigin } = data;
  if (typeof type !== 'string' || typeof challenge !== 'string' || typeof origin !== 'string') return undefined;
  // A top origin is there only in a frame (WebAuthn §5.8.1): whoever names one was in a frame, whatever else they say.
  return { type, challenge, origin, crossOrigin: (crossOrigin !== undefined && crossOrigin !== false) || topOrigin !== undefined };
}

function readCredential(text: string): { readonly id: string; readonly response: Readonly<Record<string, unknown>> } | undefined {
  const credential = text.length > MAX_CREDENTIAL ? undefined : parseObject(text);
  if (credential === undefined) return undefined;
  const { id, rawId, type, response } = credential;
  if (!isBytes(id) || id.length > MAX_ID || rawId !== id || type !== 'public-key') return undefined;
  return isObject(response) ? { id, response } : undefined;
}

function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isBytes(value: unknown): value is string {
  return typeof value === 'string' && BASE64URL.test(value) && Buffer.from(value, 'base64url').toString('base64url') === value;
}

function isTransport(value: unknown): value is string {
  return typeof value === 'string' && /^[a-z-]{2,16}$/.test(value);
}
