/** How values stand in columns, in both engines. */
import { hash } from 'node:crypto';
import type { Admission, ClientRecord, ClientSecret, GrantRecord, NewGrant, Participation, RevocationReason, UserRecord } from './port.ts';
import { MAX_PUSHED_REQUEST } from './retention.ts';

/** A list of words in one column. Scopes, resource URIs and `amr` values have no spaces; a word that has is the caller's mistake. */
export function writeList(words: readonly string[]): string {
  for (const word of words) if (word === '' || word.includes(' ')) throw new TypeError(`not a word: ${JSON.stringify(word)}`);
  return words.join(' ');
}

/** A text that has a bound, and no NUL, which PostgreSQL has no text for; another one is the caller's mistake. */
export function requireText(what: string, text: string, max: number): string {
  if (text.length > max || text.includes('\0')) throw new TypeError(`${what} has at most ${max} characters, and no NUL`);
  return text;
}

/** What a room keeps with a row, as JSON; more of it is the caller's mistake. */
export function writeData(what: string, data: Readonly<Record<string, unknown>>): string {
  return requireText(what, JSON.stringify(data), MAX_DATA);
}

const MAX_DATA = 8192;

/** Who made an account; the version before wrote nothing for the configuration. */
export function readSource(source: string | null): UserRecord['source'] {
  return SOURCES.find((known) => known === source) ?? 'config';
}

const SOURCES = ['sign_up', 'upstream', 'admin'] as const;

/** The same frozen array for the same text: a store holds few different lists, and most reads are of grants. */
export function readList(text: string): readonly string[] {
  const known = lists.get(text);
  if (known !== undefined) return known;
  const list = Object.freeze(text === '' ? [] : text.split(' '));
  if (lists.size >= MAX_LISTS) lists.clear();
  lists.set(text, list);
  return list;
}

const MAX_LISTS = 1000;
const lists = new Map<string, readonly string[]>();

/** What was there and, after it, what is new. */
export function joinLists(there: readonly string[], more: readonly string[]): string[] {
  return [...new Set([...there, ...more])];
}

export function readObject(json: string): Readonly<Record<string, unknown>> {
  return JSON.parse(json) as Readonly<Record<string, unknown>>;
}

/** An object or a list in a column that may be NULL. */
export function writeJson(value: object | undefined): string | null {
  return value === undefined ? null : JSON.stringify(value);
}

export function readDetails(json: string | null): GrantRecord['authorizationDetails'] {
  return json === null ? undefined : (JSON.parse(json) as GrantRecord['authorizationDetails']);
}

/** The parameters of a pushed request; longer ones are the caller's mistake. */
export function requireShort(parameters: string): string {
  if (parameters.length > MAX_PUSHED_REQUEST) throw new TypeError(`parameters have at most ${MAX_PUSHED_REQUEST} characters`);
  return parameters;
}

/** Whether two objects say the same, whatever the order of their members. */
export function sameJson(one: unknown, other: unknown): boolean {
  return sortedJson(one) === sortedJson(other);
}

function sortedJson(value: unknown): string | undefined {
  return JSON.stringify(value, (_, inner: unknown) => {
    if (typeof inner !== 'object' || inner === null || Array.isArray(inner)) return inner;
    return Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}

/** A client's secrets as JSON: `[hash, createdAt, expiresAt]` each, and `sealed` after them where it is there. */
export function writeSecrets(secrets: readonly ClientSecret[]): string {
  return JSON.stringify(
    secrets.map(({ hash, createdAt, expiresAt, sealed }) => [hash, createdAt, expiresAt, ...(sealed === undefined ? [] : [sealed])]),
  );
}

export function readSecrets(json: string): readonly ClientSecret[] {
  const rows = JSON.parse(json) as [string, number, number, string?][];
  return rows.map(([hash, createdAt, expiresAt, sealed]) => ({ hash, createdAt, expiresAt, ...(sealed === undefined ? {} : { sealed }) }));
}

type PutClient = Omit<ClientRecord, 'epoch' | 'version' | 'createdAt'>;

/** Whether `putClient` has nothing to write. */
export function sameClient(there: PutClient, put: PutClient): boolean {
  return sameJson(writtenOf(there), writtenOf(put));
}

function writtenOf({ metadata, secrets, enabled, source, registrationHash }: PutClient): unknown {
  return { metadata, secrets: writeSecrets(secrets), enabled, source, registrationHash };
}

/** What is kept of a participation; a longer `sid`, or one without a session, is the caller's mistake. */
export function writeParticipation({
  participation,
  sessionId,
}: Pick<Admission, 'participation' | 'sessionId'>): Participation | undefined {
  if (participation === undefined) return undefined;
  if (sessionId === undefined) throw new TypeError('nobody takes part in no session');
  if (participation.sid === '' || participation.sid.length > MAX_SID) throw new TypeError(`a sid has 1 to ${MAX_SID} characters`);
  return participation;
}

const MAX_SID = 64;

/** That a subject who is nobody of ours has neither session nor consent, nor more than an access token; all else is the caller's mistake. */
export function requirePlainSubject({
  userId,
  sessionId,
  needsConsent,
  credential,
}: Pick<NewGrant, 'userId' | 'sessionId' | 'needsConsent'> & { readonly credential?: NewGrant['credential'] }): void {
  if (userId !== undefined) return;
  if (sessionId !== undefined) throw new TypeError('nobody has no session');
  if (needsConsent) throw new TypeError('nobody has agreed to nothing');
  if (credential?.kind === 'code') throw new TypeError('nobody takes a code along');
}

/** Why an attempt failed, as it is kept: cut, and without the NUL that PostgreSQL has no text for. */
export function writeError(error: string): string {
  return error.slice(0, MAX_ERROR).replaceAll('\0', '\ufffd');
}

const MAX_ERROR = 200;

/** `own_key` of a grant that a client has for itself: the lists in their order, as one short key. */
export function ownKey(scopes: readonly string[], resources: readonly string[]): string {
  return hash('sha256', `${writeList(scopes)}\n${writeList(resources)}`, 'base64url');
}

/** What makes a grant dead: its own revocation before its client's, a revoked client before a disabled one, and the end of what it comes from last. */
export function readDead(
  revokedAt: number | null,
  revokedReason: string | null,
  clientEpoch: number,
  client: { readonly epoch: number; readonly enabled: boolean; readonly revokedAt: number | null; readonly disabledAt: number | null },
  parentEndedAt: number | null,
): GrantRecord['dead'] {
  if (revokedAt !== null) return { reason: revokedReason as RevocationReason, at: revokedAt };
  if (clientEpoch < client.epoch) return { reason: 'client_revoked', at: client.revokedAt ?? 0 };
  if (!client.enabled) return { reason: 'client_disabled', at: client.disabledAt ?? 0 };
  if (parentEndedAt !== null) return { reason: 'parent_ended', at: parentEndedAt };
  return undefined;
}

/** Whether a grant could be taken (exchanged or rotated) at `now`. */
export function isOver(
  {
    dead,
    expiresAt,
    idleSeconds,
    rotatedAt,
    suspendedUntil,
  }: Pick<GrantRecord, 'dead' | 'expiresAt' | 'idleSeconds' | 'rotatedAt' | 'suspendedUntil'>,
  now: number,
): boolean {
  if (dead !== undefined || expiresAt <= now || (suspendedUntil ?? 0) > now) return true;
  return idleSeconds > 0 && rotatedAt + idleSeconds <= now;
}

/** Until when a grant rests or has rested: while its user was locked, and before its client, now enabled, was disabled. */
export function readRest(
  suspendedUntil: number | null,
  client: { readonly enabled: boolean; readonly disabledAt: number | null } | undefined,
): number | undefined {
  const disabledAt = client?.enabled === true ? client.disabledAt : null;
  if (suspendedUntil === null || disabledAt === null) return suspendedUntil ?? disabledAt ?? undefined;
  return Math.max(suspendedUntil, disabledAt);
}
