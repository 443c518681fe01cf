import { readFileSync } from 'node:fs';
import { connect as connectPlain, isIP } from 'node:net';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import { OAuthError } from '@hufu/protocol/errors';
import type { Client, Entry } from 'ldapts';
import type { LdapUpstream, PersonClaim } from '../config/upstream-config.ts';
import type { Context } from '../context.ts';
import { type ForeignPerson, readPerson } from './person.ts';

/** What a directory says of a name and a password. */
export type DirectoryAnswer =
  | { readonly kind: 'right'; readonly upstream: LdapUpstream; readonly person: ForeignPerson }
  /** Also for a name that it does not have, or has twice. */
  | { readonly kind: 'wrong' };

const TIMEOUT_MS = 5_000;
/** Connections at a time to one directory, and how many may wait for one. */
const MAX_OPEN = 8;
const MAX_WAITING = 64;
const MAX_NAME = 256;

/** Where the schema of inetOrgPerson and Active Directory has them. */
const ATTRIBUTES: Readonly<Partial<Record<PersonClaim, string>>> = {
  name: 'cn',
  given_name: 'givenName',
  family_name: 'sn',
  preferred_username: 'uid',
  email: 'mail',
};

/**
 * Looks a name and a password up in a directory: one entry is found by the name, and its own DN proves the password by a bind (RFC 4511 §4.2). An empty password never gets there: a
 * directory takes it as nobody's, and says yes (§4.2: unauthenticated bind). Throws `temporarily_unavailable` where the directory does not answer.
 */
export async function askDirectory(ctx: Context, upstream: LdapUpstream, username: string, password: string): Promise<DirectoryAnswer> {
  if (!upstream.enabled || !isAskable(username, password)) return { kind: 'wrong' };
  return withTurn(ctx, upstream, () =>
    withConnection(ctx, upstream, async (client, library) => {
      const entry = await findEntry(client, library, upstream, username);
      if (entry === undefined) return { kind: 'wrong' };
      // A plain bind as nobody would succeed.
      if (entry.dn.trim() === '') return { kind: 'wrong' };
      try {
        await client.bind(entry.dn, password);
      } catch (error) {
        if (error instanceof library.ResultCodeError) return { kind: 'wrong' };
        throw error;
      }
      return { kind: 'right', upstream, person: personOf(upstream, entry) };
    }),
  );
}

/** Whether there is anything to ask a directory about. */
export function isAskable(username: string, password: string): boolean {
  if (username.trim() === '' || password === '' || username.length > MAX_NAME) return false;
  return !username.includes('\0') && !password.includes('\0') && username.isWellFormed();
}

/** Whether the directory has the name: nobody else may take it. Throws `temporarily_unavailable`. */
export async function hasName(ctx: Context, upstream: LdapUpstream, username: string): Promise<boolean> {
  if (username.length > MAX_NAME || username.includes('\0') || username.trim() === '') return false;
  return withTurn(ctx, upstream, () =>
    withConnection(ctx, upstream, async (client, library) => (await findEntry(client, library, upstream, username)) !== undefined),
  );
}

/** Connects and looks around as the doctor does. Throws where it cannot. */
export function greetDirectory(ctx: Context, upstream: LdapUpstream): Promise<void> {
  return withConnection(ctx, upstream, async (client) => {
    await client.search(upstream.baseDn, { scope: 'base', filter: '(objectClass=*)', attributes: ['1.1'], sizeLimit: 1, timeLimit: 5 });
  });
}

type Library = typeof import('ldapts');

/**
 * One connection for one question, used up with it: what one person proved on it is never there for the next. The library would connect again where a connection breaks, and then without the TLS
 * that began on it, so there is only the first.
 */
async function withConnection<T>(ctx: Context, upstream: LdapUpstream, ask: (client: Client, library: Library) => Promise<T>): Promise<T> {
  const library = await import('ldapts');
  const url = new URL(upstream.url);
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const tls: ConnectionOptions = {
    ...(upstream.ca === undefined ? {} : { ca: readFileSync(upstream.ca) }),
    ...(isIP(host) === 0 ? { servername: host } : {}),
    host,
    minVersion: 'TLSv1.2',
    rejectUnauthorized: true,
  };
  const client = new library.Client({
    url: upstream.url,
    timeout: TIMEOUT_MS,
    connectTimeout: TIMEOUT_MS,
    // With them the library speaks TLS from the first byte, whatever the address says.
    ...(url.protocol === 'ldaps:' ? { tlsOptions: tls } : {}),
    createConnection: once(connectPlain),
    createSecureConnection: once(connectTls),
  });
  try {
    if (upstream.startTls) await client.startTLS({ ...tls });
    if (upstream.bind !== undefined) await client.bind(upstream.bind.dn, upstream.bind.password.reveal());
    return await ask(client, library);
  } catch (error) {
    if (error instanceof OAuthError) throw error;
    const reason = error instanceof Error ? error.message.slice(0, 200) : '';
    ctx.log.warn('outbound.refused', { purpose: `directory ${upstream.name}`, reason });
    throw new OAuthError('temporarily_unavailable', 'the directory does not answer; nothing is lost, try again', {
      detail: reason,
      retryAfterSeconds: 5,
    });
  } finally {
    await client.unbind().catch(() => undefined);
  }
}

function once<Connect extends (...parameters: never[]) => unknown>(connect: Connect): Connect {
  let used = false;
  const connectOnce = (...parameters: Parameters<Connect>): unknown => {
    if (used) throw new Error('the connection broke');
    used = true;
    return connect(...parameters);
  };
  return connectOnce as Connect;
}

/** The one entry of that name; undefined where there is none, or more than one. Referrals are not followed. */
async function findEntry(client: Client, library: Library, upstream: LdapUpstream, username: string): Promise<Entry | undefined> {
  const { baseDn, filter, subject } = upstream;
  const names = Object.values({ ...ATTRIBUTES, ...upstream.claims });
  try {
    const { searchEntries } = await client.search(baseDn, {
      scope: 'sub',
      derefAliases: 'never',
      filter: filter.replaceAll('{username}', () => escapeFilterValue(username)),
      attributes: [...new Set([...names, subject])],
      explicitBufferAttributes: [subject],
      sizeLimit: 2,
      timeLimit: 5,
    });
    return searchEntries.length === 1 ? searchEntries[0] : undefined;
  } catch (error) {
    if (error instanceof library.SizeLimitExceededError || error instanceof library.NoSuchObjectError) return undefined;
    throw error;
  }
}

/** RFC 4515 §3: every byte that could mean something, and every one that is not ASCII, as its number. */
export function escapeFilterValue(text: string): string {
  return [...Buffer.from(text)]
    .map((byte) =>
      /^[A-Za-z0-9 @._-]$/.test(String.fromCharCode(byte)) ? String.fromCharCode(byte) : `\\${byte.toString(16).padStart(2, '0')}`,
    )
    .join('');
}

function personOf(upstream: LdapUpstream, entry: Entry): ForeignPerson {
  const wanted = { ...ATTRIBUTES, ...upstream.claims };
  const claims = Object.fromEntries(Object.entries(wanted).map(([claim, attribute]) => [claim, firstText(entry[attribute])]));
  return readPerson(
    { ...upstream, claims: {} },
    {
      issuer: upstream.baseDn.toLowerCase(),
      subject: subjectOf(entry[upstream.subject]),
      claims,
      authenticatedAt: undefined,
      multiFactor: false,
    },
  );
}

/** Text as it is (`entryUUID`); sixteen bytes that are none (`objectGUID`) in hexadecimal. */
function subjectOf(value: Entry[string] | undefined): string | undefined {
  const first = Array.isArray(value) ? (value.length === 1 ? value[0] : undefined) : value;
  if (first === undefined || typeof first === 'string') return first;
  return first.length === 16 ? first.toString('hex') : first.toString('utf8');
}

function firstText(value: Entry[string] | undefined): string | undefined {
  const first = Array.isArray(value) ? value[0] : value;
  return typeof first === 'string' ? first : first?.toString('utf8');
}

interface Turns {
  open: number;
  readonly waiting: (() => void)[];
}

const turns = new WeakMap<Context, Map<string, Turns>>();

/** So many at a time, so that a slow directory slows down nobody but those who wait for it. */
async function withTurn<T>(ctx: Context, { name }: LdapUpstream, act: () => Promise<T>): Promise<T> {
  const ofContext = turns.get(ctx) ?? new Map<string, Turns>();
  turns.set(ctx, ofContext);
  const state = ofContext.get(name) ?? { open: 0, waiting: [] };
  ofContext.set(name, state);
  if (state.open >= MAX_OPEN) {
    if (state.waiting.length >= MAX_WAITING)
      throw new OAuthError('temporarily_unavailable', 'too many ask the directory; try again', { retryAfterSeconds: 5 });
    await new Promise<void>((resolve) => state.waiting.push(resolve));
  } else state.open += 1;
  try {
    return await act();
  } finally {
    const next = state.waiting.shift();
    if (next === undefined) state.open -= 1;
    else next();
  }
}
