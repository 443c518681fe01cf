import { decodeBase64url, encodeBase64url } from '@hufu/protocol/base64url';
import { StorageError } from '../session/place.ts';
import { type SessionRecord, type Stamp, stampOf } from '../session/record.ts';
import { seal, unseal } from './sealed.ts';
import { parse, readWritten, writeRecord } from './written.ts';

/** A record as a text for a file or a server: the stamp readable, the rest encrypted where there is a key. */
export async function writeEnvelope(name: string, record: SessionRecord, key: CryptoKey | undefined): Promise<string> {
  const stamp = await stampOf(record);
  const text = await writeRecord(record);
  const inner = key === undefined ? { record: text } : { sealed: encodeBase64url(await seal(key, name, stamp, text)) };
  return JSON.stringify({ v: 1, name, ...stamp, ...inner });
}

/** The stamp of what cannot be read at all: so that a new sign-in may take its place. */
const UNREADABLE: Stamp = { session: '', rev: 0, hash: '' };

/** The stamp of a text, as it stands there. Throws `StorageError` where it belongs to somebody else. */
export function readStamp(name: string, text: string): Stamp {
  const { owner, stamp } = readOuter(text);
  if (owner !== undefined && owner !== name) throw new StorageError('the sessions of another client are kept here');
  return stamp;
}

/** The record of a text. Throws `StorageError` where it cannot be read. */
export async function readEnvelope(name: string, text: string, key: CryptoKey | undefined): Promise<SessionRecord> {
  const stamp = readStamp(name, text);
  const { plain, sealed } = readOuter(text);
  const record =
    plain ?? (sealed === undefined || key === undefined ? undefined : await unseal(key, name, stamp, sealed).catch(() => undefined));
  const found = record === undefined ? undefined : await readWritten(record);
  if (found === undefined || found.session !== stamp.session || found.rev !== stamp.rev)
    throw new StorageError('what is kept of the session cannot be read', undefined, stamp);
  return found;
}

interface Outer {
  readonly owner: string | undefined;
  readonly stamp: Stamp;
  readonly plain: string | undefined;
  readonly sealed: Uint8Array<ArrayBuffer> | undefined;
}

function readOuter(text: string): Outer {
  const value = parse(text);
  const member = (name: string): unknown => (typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined);
  const [owner, session, rev, hash, plain, sealed] = ['name', 'session', 'rev', 'hash', 'record', 'sealed'].map(member);
  const isStamp = typeof session === 'string' && typeof rev === 'number' && typeof hash === 'string';
  const bytes = typeof sealed === 'string' ? decodeBase64url(sealed) : undefined;
  return {
    owner: typeof owner === 'string' ? owner : undefined,
    stamp: isStamp ? { session, rev, hash } : UNREADABLE,
    plain: typeof plain === 'string' ? plain : undefined,
    sealed: bytes === undefined ? undefined : new Uint8Array(bytes),
  };
}
