import { userId } from '@hufu/protocol/ids';
import type { UserRecord } from '@hufu/store/port';
import { isActive } from '../accounts/is-active.ts';
import type { Context } from '../context.ts';
import type { HttpRequest } from '../http.ts';
import { browserOf } from '../sessions/known-browser.ts';
import { type ProvedMethod, readMethods } from '../sessions/methods.ts';
import { openSealed, seal } from './sealed.ts';

/**
 * What a sign-in is for. `sign_in`: a session from nothing. `step_up`: more beside what a live session has. `enrol`: somebody makes the second factor that
 * they have to have. `reset`: a new password; it ends in no session.
 */
export type Purpose = 'sign_in' | 'step_up' | 'enrol' | 'reset';

/**
 * What somebody has proved in a sign-in that is not complete: carried by the browser under our seal, since nothing of it is worth anything elsewhere. There is no
 * session until it is complete (attacks SES-11).
 */
export interface Progress {
  /** 24 random characters, kept by every successor: a sign-in is completed once. */
  readonly id: string;
  readonly purpose: Purpose;
  /** Of the request it is for; '' for our own pages. */
  readonly ticketId: string;
  /** Milliseconds since 1970. */
  readonly startedMs: number;
  readonly userId: UserRecord['id'];
  /** The user's as it was read with what was judged: what was proved counts no more once that has moved. */
  readonly authVersion: number;
  readonly browserId: string;
  readonly methods: readonly ProvedMethod[];
  /** The session that it builds on (`step_up`); 0 = none. */
  readonly session: number;
  /** The mail that it began with (`reset`); 0 = none. */
  readonly challenge: number;
  /** Everything has been shown, and only devices are in the way: nothing but this leads to the page where somebody signs out of some. */
  readonly lacksRoom: boolean;
}

/** Seconds from the first proof to the last. */
export const PROGRESS_SECONDS = 600;
/** Characters. */
export const MAX_PROGRESS = 1_000;
/** Methods that one sign-in may name. */
const MAX_METHODS = 6;

/** The first of a sign-in: nothing of it has been taken yet. */
export function newProgress(
  ctx: Context,
  http: HttpRequest,
  user: UserRecord,
  part: Pick<Progress, 'purpose' | 'methods'> & Partial<Pick<Progress, 'ticketId' | 'session' | 'challenge'>>,
): Progress {
  return {
    id: ctx.random.text(24),
    ticketId: '',
    session: 0,
    challenge: 0,
    lacksRoom: false,
    ...part,
    startedMs: http.nowMs,
    userId: user.id,
    authVersion: user.authVersion,
    browserId: browserOf(ctx, http).id,
  };
}

/** As it stands in the parameter `progress` of the pages that go on with it. */
export function writeProgress(ctx: Pick<Context, 'keys' | 'random'>, progress: Progress): string {
  const { id, purpose, ticketId, startedMs, browserId, authVersion, methods, session, challenge, lacksRoom } = progress;
  return seal(ctx, 'progress', [
    id,
    purpose,
    ticketId,
    startedMs,
    progress.userId,
    authVersion,
    browserId,
    methods,
    session,
    challenge,
    lacksRoom,
  ]);
}

/**
 * Progress that still counts, for one of those purposes and that request (`ticketId`, '' for our own pages), with its user as the store has them now. Undefined where it is not
 * ours, too old, of another browser or request, or where its user is not active, or has changed what they prove themselves with.
 */
export async function readProgress(
  ctx: Context,
  http: HttpRequest,
  text: string | undefined,
  expected: { readonly purposes: readonly Purpose[]; readonly ticketId: string },
): Promise<{ readonly progress: Progress; readonly user: UserRecord } | undefined> {
  const progress = text === undefined ? undefined : open(ctx, text);
  if (progress === undefined || !expected.purposes.includes(progress.purpose) || progress.ticketId !== expected.ticketId) return undefined;
  if (progress.startedMs + PROGRESS_SECONDS * 1000 <= http.nowMs || progress.startedMs > http.nowMs) return undefined;
  if (progress.browserId !== browserOf(ctx, http).id) return undefined;
  const user = await ctx.store.findUser(ctx.tenant, progress.userId);
  return user !== undefined && isCurrent(progress, user, http) ? { progress, user } : undefined;
}

function isCurrent({ authVersion, startedMs }: Progress, user: UserRecord, http: HttpRequest): boolean {
  if (!isActive(user, Math.floor(http.nowMs / 1000)) || user.authVersion !== authVersion) return false;
  // A node of the version before changes passwords without moving the version.
  return user.passwordChangedAt === user.createdAt || user.passwordChangedAt < Math.floor(startedMs / 1000);
}

function open(ctx: Pick<Context, 'keys'>, text: string): Progress | undefined {
  const parts = openSealed(ctx, 'progress', text, MAX_PROGRESS);
  if (!Array.isArray(parts)) return undefined;
  const [id, purposeText, ticketId, startedMs, user, authVersion, browserId, methodsText, session, challenge, lacksRoom]: unknown[] = parts;
  const purpose = PURPOSES.find((one) => one === purposeText);
  const methods = readMethods(methodsText);
  if (purpose === undefined || methods.length > MAX_METHODS) return undefined;
  if (typeof id !== 'string' || typeof ticketId !== 'string' || typeof browserId !== 'string') return undefined;
  if (typeof startedMs !== 'number' || typeof user !== 'number' || typeof authVersion !== 'number') return undefined;
  if (typeof session !== 'number' || typeof challenge !== 'number') return undefined;
  return {
    id,
    purpose,
    ticketId,
    startedMs,
    userId: userId(user),
    authVersion,
    browserId,
    methods,
    session,
    challenge,
    lacksRoom: lacksRoom === true,
  };
}

const PURPOSES: readonly Purpose[] = ['sign_in', 'step_up', 'enrol', 'reset'];
