import type { ClientMetadata } from '@hufu/protocol/client-metadata';
import type { Context } from '../context.ts';
import { type DocumentReading, readDocument } from './read-document.ts';

/** The document of a client as it is known here. `asked`: it has come just now. */
export type FoundDocument =
  | { readonly kind: 'found'; readonly metadata: ClientMetadata; readonly asked: boolean }
  | Exclude<DocumentReading, { kind: 'read' }>;

interface Copy {
  /** The same object as long as it is the same copy. */
  readonly metadata: ClientMetadata;
  readonly freshUntilMs: number;
  /** While its host is away, an old copy does. */
  readonly staleUntilMs: number;
}

interface Documents {
  readonly copies: Map<string, Copy>;
  readonly underWay: Map<string, Promise<DocumentReading>>;
}

const MAX_COPIES = 1_000;
const ASKS = ['documents-host', 'documents'] as const;
const STALE_MS = 86_400_000;

const kept = new WeakMap<Context, Documents>();

/**
 * The document of a client: a copy while that is fresh (Client ID Metadata Document §4.4), else what its host answers. Neither failures nor documents that
 * don't do are kept; so hosts are asked so often and no more, whoever names them (attacks REG-14). One request at a time for each document.
 *
 * @param want `newest`: the copy is known to be another than the one that somebody else has.
 */
export async function findDocument(ctx: Context, id: string, want: 'any' | 'newest', nowMs: number): Promise<FoundDocument> {
  const documents = documentsOf(ctx);
  const copy = documents.copies.get(id);
  if (copy !== undefined && want === 'any' && nowMs < copy.freshUntilMs) {
    // Used last, falls last.
    documents.copies.delete(id);
    documents.copies.set(id, copy);
    return { kind: 'found', metadata: copy.metadata, asked: false };
  }
  const reading = await ask(ctx, documents, id);
  if (reading.kind === 'read') {
    const metadata = reading.metadata;
    remember(documents, id, { metadata, freshUntilMs: nowMs + reading.freshSeconds * 1000, staleUntilMs: nowMs + STALE_MS });
    return { kind: 'found', metadata, asked: true };
  }
  ctx.log.warn('outbound.refused', { purpose: 'client_id', reason: reading.reason });
  if (reading.kind === 'refused') documents.copies.delete(id);
  else if (copy !== undefined && nowMs < copy.staleUntilMs) return { kind: 'found', metadata: copy.metadata, asked: false };
  return reading;
}

function documentsOf(ctx: Context): Documents {
  let documents = kept.get(ctx);
  if (documents === undefined) kept.set(ctx, (documents = { copies: new Map(), underWay: new Map() }));
  return documents;
}

function ask(ctx: Context, documents: Documents, id: string): Promise<DocumentReading> {
  const there = documents.underWay.get(id);
  if (there !== undefined) return there;
  if (!mayAsk(ctx, id)) return Promise.resolve({ kind: 'away', reason: 'its host has been asked too often' });
  const reading = readDocument(ctx, id).finally(() => documents.underWay.delete(id));
  documents.underWay.set(id, reading);
  return reading;
}

/** At once: nobody may come between this and what is kept of the request under way. */
function mayAsk(ctx: Context, id: string): boolean {
  const host = URL.parse(id)?.host ?? '';
  return ctx.limits.takeNow(ASKS, { header: () => host }).kind === 'taken';
}

function remember({ copies }: Documents, id: string, copy: Copy): void {
  copies.delete(id);
  copies.set(id, copy);
  forgetOldest(copies, MAX_COPIES);
}

function forgetOldest(map: Map<string, unknown>, max: number): void {
  const [oldest] = map.keys();
  if (map.size > max && oldest !== undefined) map.delete(oldest);
}
