import { AUDIT_GENESIS } from '@hufu/store/audit/chain';
import { ChainVerifier, type Fault, type KnownHash, MAX_FAULTS, type Verdict } from '@hufu/store/audit/verify-chain';
import type { AuditHead } from '@hufu/store/port';
import type { Context } from '../context.ts';
import { faultOf, type Trust } from './checkpoint.ts';
import { EXPORT_FORMAT } from './export-audit.ts';
import { knownFaults } from './known-faults.ts';
import { type AuditItem, readAuditItems } from './read-audit.ts';

/** Characters of a line of an export. */
export const MAX_LINE = 65_536;

export interface VerifyOptions {
  /** Hashes that somebody wrote down elsewhere. */
  readonly known?: readonly KnownHash[];
  /** RFC 7638 thumbprints of the issuer's keys; without them any key will do, and those that were used are told. */
  readonly thumbprints?: ReadonlySet<string> | undefined;
}

export interface AuditVerdict extends Verdict {
  readonly checkpoints: number;
  /** Thumbprints of the keys that checkpoints were signed with. */
  readonly keys: readonly string[];
  /** Whether entries and checkpoints were held against the master key. */
  readonly withMasterKey: boolean;
}

/** The audit log of this store, with the master key. */
export async function verifyStore(ctx: Context, options: VerifyOptions = {}): Promise<AuditVerdict> {
  const head = await ctx.store.readAuditHead(ctx.tenant);
  const judge = judging(trustOf(ctx, options), { seq: 0, hash: AUDIT_GENESIS }, { known: options.known });
  for await (const item of readAuditItems(ctx, 0)) judge.take(item);
  return judge.end(head);
}

/**
 * The last entries of this store, as many as a request may wait for: from a place whose hash is taken as it is. What is wrong with a checkpoint is found out once for each, as it stands
 * there: where every entry has its own, their signatures would take longer than all the rest.
 */
export async function verifyEnd(ctx: Context): Promise<{ readonly head: AuditHead; readonly verdict: Verdict }> {
  const head = await ctx.store.readAuditHead(ctx.tenant);
  const from = Math.max(0, head.seq - MAX_END);
  const to = Math.max(head.seq, head.checkpoint?.seq ?? 0);
  // The one before the first as well. More checkpoints than entries are of what is not there, which those that come show.
  const [entries, points] = await Promise.all([
    ctx.store.readAudit(ctx.tenant, Math.max(0, from - 1), MAX_END + 1),
    ctx.store.listAuditCheckpoints(ctx.tenant, from + 1, MAX_END + MAX_FAULTS),
  ]);
  const [before] = from === 0 ? [] : entries;
  const judge = judging(
    trustOf(ctx, {}),
    { seq: from, hash: before?.seq === from ? before.hash : AUDIT_GENESIS },
    { judgePoint: knownFaults(ctx) },
  );
  let at = 0;
  const takePoints = (until: number): void => {
    for (let point = points[at]; point !== undefined && point.seq < until; point = points[(at += 1)])
      judge.take({ kind: 'checkpoint', checkpoint: point });
  };
  for (const entry of entries) {
    if (entry.seq <= from || entry.seq > to) continue;
    takePoints(entry.seq);
    judge.take({ kind: 'entry', entry });
  }
  takePoints(to + 1);
  return { head, verdict: judge.end(head) };
}

const MAX_END = 1_000;

/**
 * An export, with nothing but itself: and what somebody knows of the issuer's keys, or has written down.
 *
 * @param lines from the first on
 * @param mac where the master key is there
 */
export async function verifyExport(
  lines: AsyncIterable<string>,
  options: VerifyOptions & { readonly mac?: ((text: string) => string) | undefined; readonly issuer?: string | undefined } = {},
): Promise<AuditVerdict> {
  const others: Fault[] = [];
  let judge: Judge | undefined;
  let number = 0;
  let end: number | undefined;
  for await (const line of lines) {
    number += 1;
    const told = readLine(line);
    if (judge === undefined) {
      if (told.kind !== 'header') break;
      const { thumbprints, mac, issuer = told.issuer, known } = options;
      judge = judging({ thumbprints, mac, issuer, tenant: told.tenant }, told.after, { known });
    } else if (told.kind === 'checkpoint' || told.kind === 'entry') judge.take(told);
    else if (told.kind === 'end') end = told.entries;
    else others.push({ seq: 0, kind: 'unreadable', detail: `line ${number} is none of an export` });
    if (others.length > MAX_UNREADABLE) break;
  }
  if (judge === undefined) throw new TypeError(`it is no export of an audit log (${EXPORT_FORMAT})`);
  const verdict = judge.end();
  if (end !== verdict.entries)
    others.push({
      seq: verdict.to + 1,
      kind: 'tail',
      detail: end === undefined ? 'the file has no end' : `its end tells of ${end} entries`,
    });
  return { ...verdict, faults: inOrder([...verdict.faults, ...others]) };
}

const MAX_UNREADABLE = 10;

function trustOf(ctx: Context, { thumbprints }: VerifyOptions): Trust {
  return { thumbprints, mac: ctx.signAudit, issuer: ctx.issuer, tenant: ctx.tenant };
}

interface Judge {
  take(item: AuditItem): void;
  end(head?: KnownHash): AuditVerdict;
}

interface JudgeOptions {
  readonly known?: readonly KnownHash[] | undefined;
  readonly judgePoint?: typeof faultOf;
}

/** Looks at one after the other, and keeps none. */
function judging(trust: Trust, after: KnownHash, { known, judgePoint = faultOf }: JudgeOptions): Judge {
  const verifier = new ChainVerifier(trust.tenant, after, { mac: trust.mac, ...(known === undefined ? {} : { given: known }) });
  const faults: Fault[] = [];
  const keys = new Set<string>();
  let checkpoints = 0;
  return {
    take(item) {
      if (item.kind === 'entry') return verifier.add(item.entry);
      checkpoints += 1;
      const { seq, hash, jws } = item.checkpoint;
      const detail = judgePoint(item.checkpoint, trust);
      if (detail === undefined) {
        verifier.addCheckpoint({ seq, hash });
        if (keys.size < MAX_KEYS) keys.add(kidOf(jws));
      } else if (faults.length < MAX_FAULTS) faults.push({ seq, kind: 'signature', detail });
    },
    end(head) {
      const verdict = verifier.end(head);
      return {
        ...verdict,
        faults: inOrder([...verdict.faults, ...faults]),
        checkpoints,
        keys: [...keys],
        withMasterKey: trust.mac !== undefined,
      };
    },
  };
}

/** More than a server ever has had; those of a file that somebody has made up are none the better for being told. */
const MAX_KEYS = 1_000;

function inOrder(faults: readonly Fault[]): Fault[] {
  return faults.toSorted((one, other) => one.seq - other.seq);
}

function kidOf(jws: string): string {
  const header: unknown = JSON.parse(Buffer.from(jws.split('.', 1)[0] ?? '', 'base64url').toString());
  return String(Object(header)['kid']);
}

interface Header {
  readonly kind: 'header';
  readonly issuer: string;
  readonly tenant: number;
  readonly after: { readonly seq: number; readonly hash: string };
}

type Line = Header | AuditItem | { readonly kind: 'end'; readonly entries: number } | { readonly kind: 'unreadable' };

const UNREADABLE = { kind: 'unreadable' } as const;

/** A line of an export, whoever wrote it. */
function readLine(line: string): Line {
  if (line.length > MAX_LINE) return UNREADABLE;
  let told: Readonly<Record<string, unknown>>;
  try {
    told = { ...Object(JSON.parse(line)) };
  } catch {
    return UNREADABLE;
  }
  const { kind, format, issuer, tenant, after, after_hash: afterHash, entries } = told;
  if (kind === 'end' && typeof entries === 'number') return { kind, entries };
  if (
    kind === 'header' &&
    format === EXPORT_FORMAT &&
    typeof issuer === 'string' &&
    isWhole(tenant) &&
    isWhole(after) &&
    typeof afterHash === 'string'
  )
    return { kind, issuer, tenant, after: { seq: after, hash: afterHash } };
  if (kind === 'entry') return readEntry(told);
  return kind === 'checkpoint' ? readCheckpoint(told) : UNREADABLE;
}

function readEntry(told: Readonly<Record<string, unknown>>): Line {
  const { seq, id, at_ms: atMs, via, request_id: requestId, action, details, mac, hash } = told;
  const [actor, target] = [readPair(told['actor']), readPair(told['target'])];
  if (actor === undefined || target === undefined || !isWhole(seq) || !isWhole(id) || !isWhole(atMs)) return UNREADABLE;
  if (
    typeof via !== 'string' ||
    typeof requestId !== 'string' ||
    typeof action !== 'string' ||
    typeof mac !== 'string' ||
    typeof hash !== 'string'
  )
    return UNREADABLE;
  const text = typeof details === 'string' ? details : JSON.stringify(details ?? null);
  return { kind: 'entry', entry: { seq, id, atMs, actor, via, requestId, action, target, details: text, mac, hash } };
}

function readCheckpoint({ seq, hash, at_ms: atMs, jws, jwk }: Readonly<Record<string, unknown>>): Line {
  if (!isWhole(seq) || !isWhole(atMs) || typeof hash !== 'string' || typeof jws !== 'string') return UNREADABLE;
  return { kind: 'checkpoint', checkpoint: { seq, hash, atMs, jws, jwk: JSON.stringify(jwk ?? {}) } };
}

function readPair(value: unknown): { readonly kind: string; readonly id: string } | undefined {
  const { kind, id }: { kind?: unknown; id?: unknown } = Object(value);
  return typeof kind === 'string' && typeof id === 'string' ? { kind, id } : undefined;
}

function isWhole(value: unknown): value is number {
  return Number.isSafeInteger(value);
}
