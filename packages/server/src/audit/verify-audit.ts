import { AUDIT_GENESIS } from '@hufu/store/audit/chain';
import { ChainVerifier, type Fault, type KnownHash, type Verdict } from '@hufu/store/audit/verify-chain';
import type { AuditCheckpoint, AuditHead, SealedEntry } from '@hufu/store/port';
import type { Context } from '../context.ts';
import { faultOf } from './checkpoint.ts';
import { EXPORT_FORMAT } from './export-audit.ts';

const PAGE = 1_000;
/** Checkpoints that are held while a chain is looked at. */
const MAX_CHECKPOINTS = 1_000_000;
const MAX_LINE = 65_536;

export interface VerifyOptions {
  /** Hashes that somebody wrote down elsewhere. */
  readonly known?: readonly Pick<KnownHash, 'seq' | 'hash'>[];
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
  const trust = { thumbprints: options.thumbprints, mac: ctx.signAudit, issuer: ctx.issuer, tenant: ctx.tenant };
  const points: AuditCheckpoint[] = [];
  for (let from = 1; points.length < MAX_CHECKPOINTS; ) {
    const page = await ctx.store.listAuditCheckpoints(ctx.tenant, from, PAGE);
    points.push(...page);
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE) break;
    from = last.seq + 1;
  }
  const judged = judge(points, (point) => faultOf(point, trust));
  const verifier = new ChainVerifier(
    ctx.tenant,
    { seq: 0, hash: AUDIT_GENESIS },
    { mac: ctx.signAudit, known: knownOf(judged.good, options) },
  );
  for (let seq = 0; ; ) {
    const page = await ctx.store.readAudit(ctx.tenant, seq, PAGE);
    for (const entry of page) verifier.add(entry);
    const last = page.at(-1);
    if (last === undefined) break;
    seq = last.seq;
  }
  return withPoints(verifier.end(head), judged, true);
}

/** The last entries of this store, as many as a request may wait for: from a place whose hash is taken as it is. */
export async function verifyEnd(ctx: Context): Promise<{ readonly head: AuditHead; readonly verdict: Verdict }> {
  const head = await ctx.store.readAuditHead(ctx.tenant);
  const from = Math.max(0, head.seq - MAX_END);
  const [before] = from === 0 ? [] : await ctx.store.readAudit(ctx.tenant, from - 1, 1);
  const points = await ctx.store.listAuditCheckpoints(ctx.tenant, from + 1, PAGE);
  const trust = { thumbprints: undefined, mac: ctx.signAudit, issuer: ctx.issuer, tenant: ctx.tenant };
  const judged = judge(points, (point) => faultOf(point, trust));
  const after = { seq: from, hash: before?.seq === from ? before.hash : AUDIT_GENESIS };
  const verifier = new ChainVerifier(ctx.tenant, after, { mac: ctx.signAudit, known: knownOf(judged.good, {}) });
  for (const entry of await ctx.store.readAudit(ctx.tenant, from, MAX_END)) verifier.add(entry);
  return { head, verdict: withPoints(verifier.end(head), judged, true) };
}

const MAX_END = 2_000;

/**
 * An export, with nothing but itself: and what somebody knows of the issuer's keys, or has written down.
 *
 * @param read its lines from the beginning; it is called twice
 * @param mac where the master key is there
 */
export async function verifyExport(
  read: () => AsyncIterable<string>,
  options: VerifyOptions & { readonly mac?: ((text: string) => string) | undefined; readonly issuer?: string | undefined } = {},
): Promise<AuditVerdict> {
  const points: AuditCheckpoint[] = [];
  const others: Fault[] = [];
  let header: Header | undefined;
  let number = 0;
  let count = 0;
  let end: number | undefined;
  for await (const line of read()) {
    number += 1;
    const told = readLine(line);
    if (number === 1) header = told.kind === 'header' ? told : undefined;
    else if (told.kind === 'checkpoint' && points.length < MAX_CHECKPOINTS) points.push(told.checkpoint);
    else if (told.kind === 'entry') count += 1;
    else if (told.kind === 'end') end = told.entries;
    else others.push({ seq: 0, kind: 'unreadable', detail: `line ${number} is none of an export` });
    if (others.length > MAX_UNREADABLE) break;
  }
  if (header === undefined) throw new TypeError(`it is no export of an audit log (${EXPORT_FORMAT})`);
  const { tenant, after, issuer } = header;
  const trust = { thumbprints: options.thumbprints, mac: options.mac, issuer: options.issuer ?? issuer, tenant };
  const judged = judge(points, (point) => faultOf(point, trust));
  const verifier = new ChainVerifier(tenant, after, { mac: options.mac, known: knownOf(judged.good, options) });
  for await (const line of read()) {
    const told = readLine(line);
    if (told.kind === 'entry') verifier.add(told.entry);
  }
  const verdict = withPoints(verifier.end(), judged, options.mac !== undefined);
  if (end !== count)
    others.push({
      seq: verdict.to + 1,
      kind: 'tail',
      detail: end === undefined ? 'the file has no end' : `its end tells of ${end} entries`,
    });
  return { ...verdict, faults: [...verdict.faults, ...others].toSorted((one, other) => one.seq - other.seq) };
}

const MAX_UNREADABLE = 10;

interface Judged {
  readonly good: readonly AuditCheckpoint[];
  readonly faults: readonly Fault[];
  readonly count: number;
  readonly keys: readonly string[];
}

function judge(points: readonly AuditCheckpoint[], faultIn: (point: AuditCheckpoint) => string | undefined): Judged {
  const good: AuditCheckpoint[] = [];
  const faults: Fault[] = [];
  const keys = new Set<string>();
  for (const point of points) {
    const detail = faultIn(point);
    if (detail !== undefined) faults.push({ seq: point.seq, kind: 'signature', detail });
    else {
      good.push(point);
      keys.add(kidOf(point));
    }
  }
  return { good, faults, count: points.length, keys: [...keys] };
}

function knownOf(points: readonly AuditCheckpoint[], { known = [] }: VerifyOptions): KnownHash[] {
  return [
    ...points.map(({ seq, hash }): KnownHash => ({ seq, hash, source: 'checkpoint' })),
    ...known.map(({ seq, hash }): KnownHash => ({ seq, hash, source: 'given' })),
  ];
}

function withPoints(verdict: Verdict, { faults, count, keys }: Judged, withMasterKey: boolean): AuditVerdict {
  return {
    ...verdict,
    faults: [...verdict.faults, ...faults].toSorted((one, other) => one.seq - other.seq),
    checkpoints: count,
    keys,
    withMasterKey,
  };
}

function kidOf({ jws }: AuditCheckpoint): string {
  const header: unknown = JSON.parse(Buffer.from(jws.split('.', 1)[0] ?? '', 'base64url').toString());
  return String(Object(header)['kid']);
}

interface Header {
  readonly kind: 'header';
  readonly issuer: string;
  readonly tenant: number;
  readonly after: { readonly seq: number; readonly hash: string };
}

type Line =
  | Header
  | { readonly kind: 'entry'; readonly entry: SealedEntry }
  | { readonly kind: 'checkpoint'; readonly checkpoint: AuditCheckpoint }
  | { readonly kind: 'end'; readonly entries: number }
  | { readonly kind: 'unreadable' };

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
