import type { SessionId } from '@hufu/protocol/ids';
import { otpauthUri, readTotpCode, writeBase32 } from '@hufu/protocol/totp';
import type { FactorRecord, UserRecord } from '@hufu/store/port';
import { create as drawCode } from 'qrcode';
import { asUser } from '../audit/acting.ts';
import type { Context } from '../context.ts';
import { openSealed, seal } from '../interaction/sealed.ts';
import { forgetFailures } from './second-tries.ts';
import { findStepOf, newTotpSecret, sealTotpSecret } from './totp-secret.ts';

/** An authenticator app that is being added: what its owner sees of the secret, and what the form carries of it. */
export interface PendingTotp {
  /** The hidden field that comes back with the first code: the secret under our seal. */
  readonly sealed: string;
  /** To be typed where nothing can be scanned: base32. */
  readonly secret: string;
  /** For a link that opens the app on this very device. */
  readonly uri: string;
  /** The same address as a QR code: for `qrPicture`. */
  readonly modules: { readonly size: number; readonly data: Uint8Array };
}

/** Seconds from the page to the first code. */
const PENDING_SECONDS = 900;
const MAX_PENDING = 400;
const MAX_NAME = 64;

/**
 * Begins to add an authenticator app. Nothing is stored: the secret is sealed to the user, their `authVersion`, and the sign-in or session that it is for.
 * @param boundTo root id of the progress, or id of the session
 */
export function beginTotp(ctx: Context, user: UserRecord, boundTo: string, nowMs: number): PendingTotp {
  return pendingOf(ctx, user, boundTo, newTotpSecret(ctx), nowMs);
}

/** The same one once more, after a wrong code; undefined where it is not of this user and sign-in, or too old. */
export function resumeTotp(ctx: Context, user: UserRecord, boundTo: string, sealed: string, nowMs: number): PendingTotp | undefined {
  const opened = open(ctx, user, boundTo, sealed, nowMs);
  return opened && pendingOf(ctx, user, boundTo, opened.secret, opened.startedMs);
}

export type AddedTotp =
  | { readonly kind: 'added'; readonly factor: FactorRecord; readonly authVersion: number }
  /** `over`: begin anew. */
  | { readonly kind: 'wrong_code' | 'over' | 'full' | 'changed' };

/**
 * Adds the app once its owner has typed a right code of it. The step of that code is used up: it signs nobody in.
 * @param session goes on under the user's new `authVersion`
 */
export async function addTotp(
  ctx: Context,
  user: UserRecord,
  sent: {
    readonly boundTo: string;
    readonly sealed: string;
    readonly code: string;
    readonly name: string;
    readonly session: SessionId | undefined;
  },
  nowMs: number,
): Promise<AddedTotp> {
  const now = Math.floor(nowMs / 1000);
  const opened = open(ctx, user, sent.boundTo, sent.sealed, nowMs);
  if (opened === undefined) return { kind: 'over' };
  const code = readTotpCode(sent.code);
  const step = code === undefined ? undefined : findStepOf(opened.secret, code, now, -1);
  if (step === undefined) return { kind: 'wrong_code' };
  const factor = {
    kind: 'totp',
    name: nameOf(sent.name),
    lookup: undefined,
    data: sealTotpSecret(ctx, user, opened.secret),
    counter: step,
  } as const;
  const added = await asUser(ctx, user).addFactor(ctx.tenant, user.id, user.authVersion, factor, sent.session, now);
  if (added.kind === 'added') {
    // A new app begins with no failures: whoever made it has shown who they are. Only once it is there, or whoever is refused would take the others' failures away. It is
    // there if this goes wrong, and says so: the failures are forgotten with its next right code, or with whatever is stronger where they are too many.
    await forgetFailures(ctx, user).catch((error: unknown) => ctx.log.error('request.failed', error, { after: 'enrolment' }));
    return added;
  }
  return { kind: added.kind === 'full' ? 'full' : 'changed' };
}

function pendingOf(ctx: Context, user: UserRecord, boundTo: string, bytes: Uint8Array, startedMs: number): PendingTotp {
  const secret = writeBase32(bytes);
  const uri = otpauthUri({ issuer: new URL(ctx.issuer).host, account: user.username, secret });
  const content = [Buffer.from(bytes).toString('base64url'), user.id, user.authVersion, boundTo, startedMs];
  return { sealed: seal(ctx, 'enrolment', content), secret, uri, modules: drawCode(uri, { errorCorrectionLevel: 'M' }).modules };
}

function open(
  ctx: Context,
  user: UserRecord,
  boundTo: string,
  sealed: string,
  nowMs: number,
): { readonly secret: Uint8Array; readonly startedMs: number } | undefined {
  const parts = openSealed(ctx, 'enrolment', sealed, MAX_PENDING);
  if (!Array.isArray(parts)) return undefined;
  const [secret, userId, authVersion, bound, startedMs]: unknown[] = parts;
  if (typeof secret !== 'string' || typeof startedMs !== 'number' || startedMs + PENDING_SECONDS * 1000 <= nowMs) return undefined;
  if (userId !== user.id || authVersion !== user.authVersion || bound !== boundTo) return undefined;
  return { secret: new Uint8Array(Buffer.from(secret, 'base64url')), startedMs };
}

/** One line without anything that cannot be seen. */
function nameOf(text: string): string {
  return text
    .normalize('NFC')
    .replace(/[\p{C}\s]+/gu, ' ')
    .trim()
    .slice(0, MAX_NAME)
    .toWellFormed();
}
