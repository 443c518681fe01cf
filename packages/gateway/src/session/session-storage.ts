import { type Replaced, type SessionStorage, StorageError } from '@hufu/client/session/place';
import { type Ending, type SessionRecord, type Stamp, sameStamp, stampOf } from '@hufu/client/session/record';
import type { EdgeEnd, EdgeRecord } from '@hufu/store/port';
import { livesUntil, openContents, type SessionContents, sealContents } from './session-contents.ts';
import { nowSeconds, type TokenHandler } from './token-handler.ts';

const MAX_TURNS = 10;

/** Sessions in the store of the edge, as a token session keeps them: tokens that one gateway has renewed are those of all. */
export class EdgeSessionStorage implements SessionStorage {
  readonly reach = 'network';
  readonly #handler: TokenHandler;
  readonly #idOf: (name: string) => string;

  /** `idOf`: under which id the session that a token session calls `name` is kept. */
  constructor(handler: TokenHandler, idOf: (name: string) => string) {
    this.#handler = handler;
    this.#idOf = idOf;
  }

  async read(name: string): Promise<SessionRecord | undefined> {
    const record = await this.#find(this.#idOf(name));
    return record === undefined ? undefined : this.#open(record).tokens;
  }

  async replace(name: string, expected: Stamp | undefined, next: SessionRecord): Promise<Replaced> {
    const id = this.#idOf(name);
    const { store, tenant, settings } = this.#handler;
    for (let turn = 0; turn < MAX_TURNS; turn += 1) {
      const record = await this.#find(id);
      const found = record === undefined ? undefined : this.#open(record);
      if (!sameStamp(found && (await stampOf(found.tokens)), expected)) return { kind: 'conflict', current: found?.tokens };
      const now = nowSeconds(this.#handler);
      if (record === undefined) {
        if (await this.#put(id, next)) return { kind: 'replaced' };
        continue;
      }
      const sealed = sealContents(this.#handler, id, { tokens: next, sub: found?.sub ?? '' });
      const done = await asking(
        store.replaceEdgeRecord(tenant, settings.edge, id, record.version, { sealed, expiresAt: record.expiresAt }, now),
      );
      if (done.kind === 'changed') {
        // One that is over changes no more; whoever looks finds it so.
        if (done.record !== undefined && livesUntil(this.#handler, done.record) === undefined)
          return { kind: 'conflict', current: this.#open(done.record).tokens };
        continue;
      }
      if (next.ended !== undefined) await asking(store.endEdgeRecord(tenant, settings.edge, id, reasonOf(next.ended), now));
      return { kind: 'replaced' };
    }
    throw new StorageError('others change it all the time');
  }

  async #put(id: string, tokens: SessionRecord): Promise<boolean> {
    const { store, tenant, settings } = this.#handler;
    const now = nowSeconds(this.#handler);
    const sub = String(tokens.claims?.['sub'] ?? '');
    const sealed = sealContents(this.#handler, id, { tokens, sub });
    const { idleSeconds, absoluteSeconds } = settings;
    const record = { id, sealed, idleSeconds, expiresAt: now + absoluteSeconds, subject: undefined };
    return (await asking(store.putEdgeRecord(tenant, settings.edge, record, now))).kind === 'put';
  }

  #find(id: string): Promise<EdgeRecord | undefined> {
    const { store, tenant, settings } = this.#handler;
    return asking(store.findEdgeRecord(tenant, settings.edge, id));
  }

  /** What was ended behind a token session's back is ended for it too. */
  #open(record: EdgeRecord): SessionContents {
    const contents = openContents(this.#handler, record);
    const isOver = livesUntil(this.#handler, record) === undefined;
    if (contents !== undefined && (!isOver || contents.tokens.ended !== undefined)) return contents;
    if (!isOver) throw new StorageError('what is kept of the session cannot be read');
    const { session = record.id, rev = 1 } = contents?.tokens ?? {};
    return { tokens: { v: 1, rev, session, access: {}, ended: endingOf(record) }, sub: contents?.sub ?? '' };
  }
}

async function asking<Value>(promise: Promise<Value>): Promise<Value> {
  try {
    return await promise;
  } catch (cause) {
    throw new StorageError('the store of the edge cannot be asked now', cause);
  }
}

function reasonOf({ kind }: Ending): EdgeEnd {
  if (kind === 'expired') return 'token_refused';
  return kind;
}

function endingOf({ ended }: EdgeRecord): Ending {
  if (ended === undefined || ended.reason === 'token_refused') return { kind: 'expired' };
  return { kind: ended.reason === 'replaced' ? 'replaced' : 'signed_out' };
}
