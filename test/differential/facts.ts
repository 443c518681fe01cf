import { createHash } from 'node:crypto';
import { compactDecrypt, compactVerify, decodeProtectedHeader } from 'jose';
import type { JsonReply } from '../support/agent.ts';
import type { Side } from './side.ts';
import { USER, type World } from './world.ts';

/**
 * What a client sees of an answer, each aspect as a text that is the same on two servers that do the same. `outcome` is the first of them:
 * where it differs, the rest is another answer and not compared.
 */
export type Facts = Readonly<Record<string, string>>;

/** What an ID token has to fit. */
export interface Expected {
  readonly clientId: string;
  readonly nonce?: string | undefined;
  readonly accessToken?: string | undefined;
  readonly code?: string | undefined;
}

/** Each name as an aspect of its own, so that a difference is about one of them. */
export function presence(kind: string, names: readonly string[]): Facts {
  return Object.fromEntries(names.map((name) => [`${kind} ${name}`, 'there']));
}

/** Texts for people are not compared, nor is what only one of the two could know. */
const NOT_COMPARED: ReadonlySet<string> = new Set(['error', 'error_description', 'error_uri']);
/** Members whose values have to be the same. */
const SAID: ReadonlySet<string> = new Set(['active', 'aud', 'client_id', 'expires_in', 'iss', 'scope', 'sub', 'token_type', 'username']);

function say(side: Side, name: string, value: unknown): string {
  const text = String(value).replace(side.issuer, 'the issuer');
  if (name === 'scope') return text.split(' ').toSorted().join(' ');
  return name === 'token_type' ? text.toLowerCase() : text;
}

/** The members of a JSON answer or of an authorization response. */
export async function factsOfMembers(
  side: Side,
  world: World,
  members: Readonly<Record<string, unknown>>,
  expected: Expected,
): Promise<Facts> {
  const facts: Record<string, string> = {};
  for (const [name, value] of Object.entries(members)) {
    if (!NOT_COMPARED.has(name)) facts[`member ${name}`] = SAID.has(name) ? say(side, name, value) : 'there';
  }
  // The end of a refresh token moves with the session's.
  if (typeof members['exp'] === 'number' && typeof members['iat'] === 'number' && members['token_type'] !== undefined)
    facts['lifetime'] = String(members['exp'] - members['iat']);
  const idToken = members['id_token'];
  if (typeof idToken === 'string') {
    const own = {
      ...expected,
      accessToken: textOf(members['access_token']),
      // A code that comes from the token endpoint's request is not beside the ID token.
      code: textOf(members['code']),
    };
    Object.assign(facts, await factsOfIdToken(side, world, idToken, own));
  }
  return facts;
}

/** Status, headers that mean something, and the JSON inside. */
export async function factsOfReply(side: Side, world: World, reply: JsonReply, expected: Expected): Promise<Facts> {
  return {
    outcome: outcomeOf(String(reply.status), reply.body['error']),
    ...factsOfHeaders(reply.headers),
    ...(await factsOfMembers(side, world, reply.body, expected)),
  };
}

/** Where the answer is, and whether it is one: `query: invalid_scope`, `200: done`. */
export function outcomeOf(place: string, error: unknown): string {
  return `${place}: ${typeof error === 'string' ? error : 'done'}`;
}

export function factsOfHeaders(headers: Headers): Facts {
  const challenge = headers.get('www-authenticate');
  return {
    type: (headers.get('content-type') ?? '').split(';', 1)[0] ?? '',
    store: (headers.get('cache-control') ?? '').includes('no-store') ? 'never' : 'may',
    ...(challenge === null ? {} : { challenge: readChallenge(challenge) }),
  };
}

/** Scheme and error of a challenge (RFC 6750 §3): the realm is a name, the description for people. */
function readChallenge(text: string): string {
  const error = /error="([^"]*)"/.exec(text)?.[1];
  const scope = /scope="([^"]*)"/.exec(text)?.[1];
  return [text.split(' ', 1)[0], error, scope].filter((part) => part !== undefined).join(' ');
}

/** An ID token, or a userinfo answer that is signed: opened, verified with the server's own keys, and compared with what it stands beside. */
export async function factsOfIdToken(side: Side, world: World, text: string, expected: Expected): Promise<Facts> {
  const facts: Record<string, string> = {};
  let signed = text;
  const key = world.keys[expected.clientId];
  if (text.split('.').length === 5 && key !== undefined) {
    const { plaintext, protectedHeader } = await compactDecrypt(text, key);
    facts['id_token encryption'] = `${protectedHeader.alg} ${protectedHeader.enc} cty=${protectedHeader.cty ?? 'none'}`;
    signed = new TextDecoder().decode(plaintext);
  }
  const header = decodeProtectedHeader(signed);
  facts['id_token header'] = `${header.alg} kid=${header.kid === undefined ? 'no' : 'yes'}`;
  const verified = await compactVerify(signed, side.jwks).catch(() => undefined);
  facts['id_token signature'] = verified === undefined ? 'invalid' : 'valid';
  const claims: Record<string, unknown> = Object(JSON.parse(Buffer.from(signed.split('.')[1] ?? '', 'base64url').toString()));
  Object.assign(facts, presence('id_token claim', Object.keys(claims)));
  facts['id_token claim iss'] = String(claims['iss']).replace(side.issuer, 'the issuer');
  facts['id_token claim aud'] = String(claims['aud']);
  facts['id_token claim sub'] = claims['sub'] === USER.username ? 'public' : 'another';
  if (claims['exp'] !== undefined) facts['id_token lifetime'] = String(Number(claims['exp']) - Number(claims['iat']));
  if (claims['nonce'] !== undefined) facts['id_token claim nonce'] = claims['nonce'] === expected.nonce ? 'as sent' : 'another';
  for (const [name, value] of [
    ['at_hash', expected.accessToken],
    ['c_hash', expected.code],
  ] as const) {
    if (claims[name] !== undefined)
      facts[`id_token claim ${name}`] = value !== undefined && claims[name] === halfHash(value) ? 'right' : 'wrong';
  }
  return facts;
}

/** OpenID Connect Core §3.1.3.6, for the algorithms of this world, which all hash with SHA-256. */
function halfHash(text: string): string {
  return createHash('sha256').update(text).digest().subarray(0, 16).toString('base64url');
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
