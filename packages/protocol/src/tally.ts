/**
 * The tally's format (docs/decisions/0002): credentials are derived from one row, never stored. This file knows the text; whoever calls
 * it brings the keys. Nothing here touches a store: a credential that does not read here is refused by arithmetic alone.
 *
 * Every part is a multiple of 24 bits, hence a piece of text of its own: no text stands for two credentials, and nothing is decoded
 * before its seal has been checked.
 */
import { decode24, encode24, isBase64urlText } from './base64url.ts';
import type { Confirmation } from './confirmation.ts';
import { equalText } from './equal-text.ts';
import type { IdPermutation } from './tally-id.ts';

/** A kind of credential and the prefix (which is also the format's version) that secret scanners and people recognise it by. */
const PREFIX = {
  code: 'hfc_',
  refresh: 'hfr_',
  session: 'hfs_',
  pushed: 'hfp_',
  access: 'hfa_',
  machine: 'hfm_',
  device: 'hfd_',
  backchannel: 'hfb_',
} as const;
const KINDS: ReadonlyMap<string, TallyKind> = new Map([
  ['hfc_', 'code'],
  ['hfr_', 'refresh'],
  ['hfs_', 'session'],
  ['hfp_', 'pushed'],
  ['hfa_', 'access'],
  ['hfm_', 'machine'],
  ['hfd_', 'device'],
  ['hfb_', 'backchannel'],
]);
/** `device`: a device code (RFC 8628 §3.2). `backchannel`: an `auth_req_id` (OpenID Connect CIBA §7.3). The two name a request that is not decided yet. */
export type HolderKind = 'code' | 'refresh' | 'session' | 'pushed' | 'device' | 'backchannel';
export type AccessKind = 'access' | 'machine';
export type TallyKind = HolderKind | AccessKind;

const PREFIX_LENGTH = 4;
const HEAD_LENGTH = 16;
const ACCESS_LENGTH = 24;
/** Characters of a secret, of the half derived from one, and of the seal beside either: 144 bits. */
export const SECRET_LENGTH = 24;
/** Characters of the seal where no secret stands beside it: all 256 bits. */
const FULL_SEAL_LENGTH = 43;
/** Characters of the number that makes a token unlike any other: 72 bits. */
export const NUMBER_LENGTH = 12;
/** Each group of the mask is 24 scopes. */
export const MAX_SCOPES = 240;
const MAX_MASK_LENGTH = MAX_SCOPES / 6;
/** Method and details (4 characters), thumbprint (43 and a filler). Longer than any mask: the length tells whether there is one. */
const EXTENSION_LENGTH = 48;
const MAX_LENGTH = PREFIX_LENGTH + HEAD_LENGTH + ACCESS_LENGTH + MAX_MASK_LENGTH + EXTENSION_LENGTH + 2 * SECRET_LENGTH;
/** `AccessExtension.details` of a token that has all of them. */
export const ALL_DETAILS = 0xffff;
/** What each credential says of its row. */
export interface Head {
  /** 0 … 65535. */
  readonly keyId: number;
  readonly id: number;
  readonly generation: number;
}

/** What an access token says beside it (a JWT's `jti` too). */
export interface AccessPart {
  /** Seconds since 1970. */
  readonly issuedAt: number;
  /** Seconds. */
  readonly lifetime: number;
  /** Index into the grant's resources. */
  readonly resource: number;
  /** `ROTATED`, or 12 random characters of base64url. */
  readonly number: string;
  /** From `scopeMask`. */
  readonly mask: string;
  /** What only some tokens have. Undefined for a bearer's with all of its grant's authorization details. */
  readonly extension?: AccessExtension | undefined;
}

export interface AccessExtension {
  /** The key that it is bound to; undefined for a bearer's. */
  readonly confirmation: Confirmation | undefined;
  /** 16 bits: which of the grant's authorization details (RFC 9396 §2) it has, the first one in the highest bit. */
  readonly details: number;
}

export interface TallyKeys {
  /** The tenant whose keys these are; sealed in, so that no tenant's credential reads at another. */
  readonly tenant: number;
  readonly permutation: IdPermutation;
  /** HMAC-SHA-256 over ASCII text under the seal key of that id, as base64url (43 characters), or undefined where there is no such key. */
  mac(keyId: number, message: string): string | undefined;
}

export interface HolderCredential extends Head {
  readonly kind: HolderKind;
  readonly secret: string;
}

export interface AccessCredential extends Head, AccessPart {
  readonly kind: AccessKind;
  /** The half derived from the holder's secret; '' for `machine`. */
  readonly derived: string;
  /** What names this token among all of its tenant; a JWT's `jti`. */
  readonly name: string;
}

/** The kind that a text claims to be, by its prefix alone. */
export function tallyKindOf(text: string): TallyKind | undefined {
  return text.length <= MAX_LENGTH ? KINDS.get(text.slice(0, PREFIX_LENGTH)) : undefined;
}

/** A code, a refresh token, a session cookie or the end of a `request_uri` (RFC 9126 §2.2). `secret` is 24 random characters of base64url. */
export function writeHolder(keys: TallyKeys, kind: HolderKind, head: Head, secret: string): string {
  const headText = writeHead(keys, head);
  const prefix = PREFIX[kind];
  const seal = requireMac(keys, head.keyId, `${prefix}${keys.tenant}.${headText}${secret}`);
  // The secret in front: no two codes begin alike (attacks COD-12).
  return prefix + secret + headText + seal.slice(0, SECRET_LENGTH);
}

/** The parts of a credential whose seal holds; undefined for anything else. */
export function readHolder(keys: TallyKeys, kind: HolderKind, text: string): HolderCredential | undefined {
  const prefix = PREFIX[kind];
  if (text.length !== PREFIX_LENGTH + HEAD_LENGTH + 2 * SECRET_LENGTH || !text.startsWith(prefix) || !isBase64urlText(text, PREFIX_LENGTH))
    return undefined;
  const headStart = PREFIX_LENGTH + SECRET_LENGTH;
  const head = readHead(keys, text, headStart);
  if (head === undefined) return undefined;
  const sealStart = headStart + HEAD_LENGTH;
  const secret = text.slice(PREFIX_LENGTH, headStart);
  const seal = keys.mac(head.keyId, `${prefix}${keys.tenant}.${text.slice(headStart, sealStart)}${secret}`);
  if (seal === undefined || !equalText(seal.slice(0, SECRET_LENGTH), text.slice(sealStart))) return undefined;
  return { kind, keyId: head.keyId, id: head.id, generation: head.generation, secret };
}

/** An opaque access token. `derived` is the half that comes from the holder's secret; '' for `machine`. */
export function writeAccess(keys: TallyKeys, kind: AccessKind, head: Head, access: AccessPart, derived: string): string {
  const name = accessName(keys, head, access);
  const prefix = PREFIX[kind];
  const seal = requireMac(keys, head.keyId, `${prefix}${keys.tenant}.${name}${derived}`);
  return prefix + name + (kind === 'machine' ? seal : seal.slice(0, SECRET_LENGTH) + derived);
}

/** The parts of an access token whose seal holds; undefined for anything else. Its time is not looked at. */
export function readAccess(keys: TallyKeys, text: string): AccessCredential | undefined {
  const kind = tallyKindOf(text);
  if (kind !== 'access' && kind !== 'machine') return undefined;
  const tail = kind === 'machine' ? FULL_SEAL_LENGTH : 2 * SECRET_LENGTH;
  const nameEnd = text.length - tail;
  if (!isNameLength(nameEnd - PREFIX_LENGTH) || !isBase64urlText(text, PREFIX_LENGTH)) return undefined;
  const head = readHead(keys, text, PREFIX_LENGTH);
  if (head === undefined) return undefined;
  const name = text.slice(PREFIX_LENGTH, nameEnd);
  const seal = text.slice(nameEnd, kind === 'machine' ? undefined : nameEnd + SECRET_LENGTH);
  const derived = kind === 'machine' ? '' : text.slice(nameEnd + SECRET_LENGTH);
  const expected = keys.mac(head.keyId, `${PREFIX[kind]}${keys.tenant}.${name}${derived}`);
  if (expected === undefined || !equalText(expected.slice(0, seal.length), seal)) return undefined;
  return { kind, ...head, ...readAccessPart(name), derived, name };
}

/** What names an access token: its head and access part. A JWT's `jti`, and the key under which RFC 7009 revokes one token. */
export function accessName(keys: TallyKeys, head: Head, access: AccessPart): string {
  return (
    writeHead(keys, head) +
    encode24(Math.floor(access.issuedAt / 65_536)) +
    encode24(((access.issuedAt & 0xffff) << 8) | (access.lifetime >>> 16)) +
    encode24(((access.lifetime & 0xffff) << 8) | access.resource) +
    access.number +
    access.mask +
    (access.extension === undefined ? '' : writeExtension(access.extension))
  );
}

/** Reads a `jti` of ours back. The JWT's signature vouches for it; this looks at its form alone. */
export function readAccessName(keys: TallyKeys, name: string): (Head & AccessPart) | undefined {
  if (!isNameLength(name.length) || !isBase64urlText(name, 0)) return undefined;
  const head = readHead(keys, name, 0);
  return head === undefined ? undefined : { ...head, ...readAccessPart(name) };
}

/** One bit for each of `all` that is in `some`, in groups of 24, first scope in the highest bit. */
export function scopeMask(all: readonly string[], some: readonly string[]): string {
  if (all.length > MAX_SCOPES) throw new TypeError(`a grant has at most ${MAX_SCOPES} scopes`);
  let mask = '';
  for (let start = 0; start === 0 || start < all.length; start += 24) {
    let bits = 0;
    for (let i = 0; i < 24; i++) {
      const scope = all[start + i];
      if (scope !== undefined && some.includes(scope)) bits |= 0x800000 >>> i;
    }
    mask += encode24(bits);
  }
  return mask;
}

/** The scopes that a mask names; undefined where it names one that the grant does not have. */
export function scopesOfMask(all: readonly string[], mask: string): readonly string[] | undefined {
  const scopes: string[] = [];
  for (let group = 0; group * 4 < mask.length; group++) {
    const bits = decode24(mask, group * 4);
    for (let i = 0; i < 24; i++) {
      if ((bits & (0x800000 >>> i)) === 0) continue;
      const scope = all[group * 24 + i];
      if (scope === undefined) return undefined;
      scopes.push(scope);
    }
  }
  return scopes;
}

/** The extension of a token with that key and those details; undefined where it needs none. */
export function extensionOf(confirmation: Confirmation | undefined, details: number): AccessExtension | undefined {
  return confirmation === undefined && details === ALL_DETAILS ? undefined : { confirmation, details };
}

/** The number of a token that rotation already makes unlike any other. Random numbers start with another character: see `randomNumber`. */
export const ROTATED = 'AAAAAAAAAAAA';

/** The number of a token where nothing rotates, from 12 random characters: never `ROTATED`. */
export function randomNumber(random: string): string {
  return `_${random.slice(1, NUMBER_LENGTH)}`;
}

/** A piece of a credential's text: characters `from` up to `to`, that one not included. */
export interface TallyPart {
  /** `body`: what it says of its row. `secret`: the holder's half. `derived`: what an access token has in its place. */
  readonly name: 'prefix' | 'body' | 'seal' | 'secret' | 'derived';
  readonly from: number;
  readonly to: number;
}

/** What a credential's text is made of, by its form alone: nothing is verified. Undefined where the form is none. */
export function tallyParts(text: string): readonly TallyPart[] | undefined {
  const kind = tallyKindOf(text);
  if (kind === undefined || !isBase64urlText(text, PREFIX_LENGTH)) return undefined;
  const lengths: (readonly [TallyPart['name'], number])[] = [['prefix', PREFIX_LENGTH]];
  const rest = text.length - PREFIX_LENGTH;
  if (kind === 'access' || kind === 'machine') {
    const tail = kind === 'machine' ? FULL_SEAL_LENGTH : 2 * SECRET_LENGTH;
    if (!isNameLength(rest - tail)) return undefined;
    lengths.push(['body', rest - tail], ['seal', kind === 'machine' ? tail : SECRET_LENGTH]);
    if (kind === 'access') lengths.push(['derived', SECRET_LENGTH]);
  } else {
    if (rest !== HEAD_LENGTH + 2 * SECRET_LENGTH) return undefined;
    lengths.push(['secret', SECRET_LENGTH], ['body', HEAD_LENGTH], ['seal', SECRET_LENGTH]);
  }
  let from = 0;
  return lengths.map(([name, length]) => ({ name, from, to: (from += length) }));
}

function writeHead(keys: TallyKeys, head: Head): string {
  const permuted = keys.permutation.permute(head.id);
  const low = permuted % 65_536;
  const rest = (permuted - low) / 65_536;
  return (
    encode24((head.keyId << 8) | Math.floor(rest / 16_777_216)) +
    encode24(rest % 16_777_216) +
    encode24((low << 8) | (head.generation >>> 24)) +
    encode24(head.generation & 0xffffff)
  );
}

function readHead(keys: TallyKeys, text: string, start: number): Head | undefined {
  const a = decode24(text, start);
  const b = decode24(text, start + 4);
  const c = decode24(text, start + 8);
  const d = decode24(text, start + 12);
  const id = keys.permutation.restore(((a & 0xff) * 16_777_216 + b) * 65_536 + (c >>> 8));
  return id === 0 ? undefined : { keyId: a >>> 8, id, generation: (c & 0xff) * 16_777_216 + d };
}

function readAccessPart(name: string): AccessPart {
  const a = decode24(name, HEAD_LENGTH);
  const b = decode24(name, HEAD_LENGTH + 4);
  const c = decode24(name, HEAD_LENGTH + 8);
  const maskStart = HEAD_LENGTH + ACCESS_LENGTH;
  const isExtended = name.length - maskStart > MAX_MASK_LENGTH;
  const maskEnd = isExtended ? name.length - EXTENSION_LENGTH : name.length;
  return {
    issuedAt: a * 65_536 + (b >>> 8),
    lifetime: ((b & 0xff) << 16) | (c >>> 8),
    resource: c & 0xff,
    number: name.slice(HEAD_LENGTH + 12, maskStart),
    mask: name.slice(maskStart, maskEnd),
    extension: isExtended ? readExtension(name, maskEnd) : undefined,
  };
}

const METHODS = [undefined, 'jkt', 'x5t#S256'] as const;
const NO_THUMBPRINT = 'A'.repeat(43);

function writeExtension({ confirmation, details }: AccessExtension): string {
  const thumbprint = confirmation?.thumbprint ?? NO_THUMBPRINT;
  if (thumbprint.length !== NO_THUMBPRINT.length) throw new TypeError('a thumbprint has 43 characters');
  return `${encode24((METHODS.indexOf(confirmation?.method) << 16) | details)}${thumbprint}A`;
}

/** The seal or the signature has vouched for it: it is as `writeExtension` wrote it. */
function readExtension(name: string, start: number): AccessExtension {
  const bits = decode24(name, start);
  const method = METHODS[bits >>> 16];
  const confirmation = method === undefined ? undefined : { method, thumbprint: name.slice(start + 4, start + 47) };
  return { confirmation, details: bits & 0xffff };
}

function isNameLength(length: number): boolean {
  const rest = length - HEAD_LENGTH - ACCESS_LENGTH;
  const mask = rest > MAX_MASK_LENGTH ? rest - EXTENSION_LENGTH : rest;
  return mask >= 4 && mask <= MAX_MASK_LENGTH && mask % 4 === 0;
}

function requireMac(keys: TallyKeys, keyId: number, message: string): string {
  const mac = keys.mac(keyId, message);
  if (mac === undefined) throw new TypeError(`no seal key ${keyId}`);
  return mac;
}
