import { hash } from 'node:crypto';
import type { LiveToken } from './verification.ts';

/** By what a revocation knows a token. */
export interface TokenMarks {
  /** Of the key that signed it; undefined for what is not signed. */
  readonly kid: string | undefined;
  readonly tokenId: string;
  readonly clientId: string;
  /** Seconds since 1970; 0 where nobody says. */
  readonly issuedAt: number;
  /** Its place in a status list (Token Status List §6.1); undefined where it has none. */
  readonly status: StatusPlace | undefined;
  /** The grants that its own comes from, the nearest first. */
  readonly lineage: readonly Ancestor[];
  /** Base64url of the SHA-256 of `sub`. */
  subjectHash(): string;
}

/** One place of one status list. */
export interface StatusPlace {
  readonly uri: string;
  readonly index: number;
}

export interface Ancestor {
  /** Number of the list, and index in it. */
  readonly list: number;
  readonly index: number;
  readonly clientId: string;
}

const marksOfTokens = new WeakMap<LiveToken, TokenMarks>();

/** Of a token that a verifier with `revocations` has said is live; undefined for others. */
export function marksOf(token: LiveToken): TokenMarks | undefined {
  return marksOfTokens.get(token);
}

const MAX_URI = 2_048;
const MAX_LINEAGE = 7;
/** What Hufu's grants have: 28 bits of list, 20 bits of place. */
const GRANT = /^(0|[1-9]\d{0,8})\/(0|[1-9]\d{0,6})$/;

/** As much of a token as its marks are read from. */
export type MarkedToken = Pick<LiveToken, 'claims' | 'tokenId' | 'clientId' | 'issuedAt' | 'subject'>;

/** What revocations know a token by; undefined where its `status` or `lineage` is not what it should be. */
export function readMarks(token: LiveToken, kid: string | undefined): TokenMarks | undefined {
  const marks = makeMarks(token, kid);
  if (marks !== undefined) marksOfTokens.set(token, marks);
  return marks;
}

/** The same, of a token that nobody has verified: for whoever got it from the issuer itself. */
export function makeMarks(token: MarkedToken, kid: string | undefined): TokenMarks | undefined {
  const { status, lineage } = token.claims;
  const place = readStatus(status);
  const ancestors = readLineage(lineage);
  if (place === 'wrong' || ancestors === undefined) return undefined;
  let subjectHash: string | undefined;
  return {
    kid,
    tokenId: token.tokenId,
    clientId: token.clientId,
    issuedAt: token.issuedAt,
    status: place,
    lineage: ancestors,
    subjectHash: () => (subjectHash ??= hash('sha256', token.subject, 'base64url')),
  };
}

/** Reads `<list>/<index>`; undefined for anything else. */
export function readGrantName(text: unknown): { readonly list: number; readonly index: number } | undefined {
  const [, list, index] = (typeof text === 'string' ? GRANT.exec(text) : null) ?? [];
  if (list === undefined || index === undefined) return undefined;
  const read = { list: Number(list), index: Number(index) };
  return read.list < 2 ** 28 && read.index < 2 ** 20 ? read : undefined;
}

/** The `status` claim (Token Status List §6.1). Other ways to tell a status than a list are not ours to read. */
function readStatus(status: unknown): StatusPlace | undefined | 'wrong' {
  if (status === undefined) return undefined;
  if (!isObject(status)) return 'wrong';
  const list = status['status_list'];
  if (list === undefined) return undefined;
  if (!isObject(list)) return 'wrong';
  const { idx, uri } = list;
  const isPlace = typeof idx === 'number' && Number.isSafeInteger(idx) && idx >= 0;
  return isPlace && typeof uri === 'string' && uri.length <= MAX_URI ? { uri, index: idx } : 'wrong';
}

function readLineage(lineage: unknown): readonly Ancestor[] | undefined {
  if (lineage === undefined) return [];
  if (!Array.isArray(lineage) || lineage.length > MAX_LINEAGE) return undefined;
  const ancestors: Ancestor[] = [];
  for (const member of lineage) {
    const { grant, client_id: clientId }: Readonly<Record<string, unknown>> = Object(member);
    const name = readGrantName(grant);
    if (name === undefined || typeof clientId !== 'string') return undefined;
    ancestors.push({ ...name, clientId });
  }
  return ancestors;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
