import { writeForm } from '@hufu/protocol/form';
import { findIssuerFault, openidConfigurationPath } from '@hufu/protocol/server-metadata';
import { findWebUriFault } from '@hufu/protocol/web-uri';
import { RefusedError, UsageError } from '../command.ts';

/** The addresses of an authorization server that the commands need. */
export interface Issuer {
  readonly issuer: string;
  readonly tokenEndpoint: string;
  readonly deviceAuthorizationEndpoint: string | undefined;
  readonly revocationEndpoint: string | undefined;
  readonly userinfoEndpoint: string | undefined;
}

/** A JSON answer, whatever its status. */
export interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

const TIMEOUT_MS = 15_000;
const MAX_BYTES = 262_144;

/** Reads the discovery document (OpenID Connect Discovery §4). It has to name the very issuer that was asked (§4.3). */
export async function discover(issuer: string): Promise<Issuer> {
  const fault = findIssuerFault(issuer);
  if (fault !== undefined) throw new UsageError(`the issuer ${fault}`);
  const { status, body } = await call(new URL(openidConfigurationPath(issuer), issuer).href, {});
  if (status !== 200) throw new RefusedError(`${issuer} has no discovery document (it answered ${status})`);
  if (body['issuer'] !== issuer) throw new RefusedError(`the server at ${issuer} calls itself ${printable(body['issuer'])}; use that name`);
  const tokenEndpoint = addressOf(body, 'token_endpoint');
  if (tokenEndpoint === undefined) throw new RefusedError(`${issuer} has no token endpoint`);
  return {
    issuer,
    tokenEndpoint,
    deviceAuthorizationEndpoint: addressOf(body, 'device_authorization_endpoint'),
    revocationEndpoint: addressOf(body, 'revocation_endpoint'),
    userinfoEndpoint: addressOf(body, 'userinfo_endpoint'),
  };
}

/** POSTs a form. Throws `RefusedError` where nobody answers, or not with JSON. */
export function postForm(url: string, fields: Readonly<Record<string, string | undefined>>): Promise<Answer> {
  return call(url, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: writeForm(Object.entries(fields)),
  });
}

/** GETs something with an access token. */
export function getWithToken(url: string, token: string): Promise<Answer> {
  return call(url, { headers: { authorization: `Bearer ${token}` } });
}

/** What an error answer says, fit for a terminal. */
export function explain({ status, body }: Answer): string {
  const error = printable(body['error']);
  const description = printable(body['error_description']);
  return error === '' ? `the server answered ${status}` : description === '' ? error : `${error}: ${description}`;
}

/** A server's text without what a terminal would obey. '' for what is no text. */
export function printable(value: unknown): string {
  return typeof value === 'string' ? value.slice(0, 2_048).replace(/[^\x20-\x7e]/g, '?') : '';
}

function addressOf(body: Readonly<Record<string, unknown>>, name: string): string | undefined {
  const value = body[name];
  if (typeof value !== 'string') return undefined;
  const fault = findWebUriFault(value);
  if (fault !== undefined) throw new RefusedError(`${name} of the server ${fault}`);
  return value;
}

async function call(url: string, init: RequestInit): Promise<Answer> {
  let reply: Response;
  let text: string;
  try {
    // Tokens go where they were meant to, and nowhere else.
    reply = await fetch(url, { ...init, redirect: 'error', signal: AbortSignal.timeout(TIMEOUT_MS) });
    text = await readBounded(reply);
  } catch (error) {
    const cause =
      error instanceof Error && error.cause instanceof Error ? error.cause.message : error instanceof Error ? error.message : '';
    throw new RefusedError(`${new URL(url).origin} does not answer: ${printable(cause)}`);
  }
  try {
    const body: unknown = text === '' ? {} : JSON.parse(text);
    return { status: reply.status, body: Object(body) };
  } catch {
    throw new RefusedError(`${new URL(url).origin} answered ${reply.status} with something that is no JSON`);
  }
}

async function readBounded(reply: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of reply.body ?? []) {
    length += chunk.length;
    if (length > MAX_BYTES) throw new Error(`more than ${MAX_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}
