/** What a sign-in ends, revokes and moves, in both engines: decided over what was read under the user's lock. */
import type { GrantId, SessionId, UserId } from '@hufu/protocol/ids';
import { compareHeld, type Held, idsOf, isOf, type Newcomer, type Slot, victimsOf } from './device-slots.ts';
import type { DeviceType, OpenConditions, SessionEnd } from './port.ts';
import { MAX_SESSIONS, MAX_SESSIONS_OF_DEVICE } from './retention.ts';

/** A session that has not ended. */
export interface OpenSession {
  readonly id: SessionId;
  readonly userId: UserId;
  readonly deviceId: number | null;
  readonly turn: number;
  readonly createdAt: number;
  readonly expiresAt: number;
}

/** A grant that nobody has revoked. */
export interface OpenGrant {
  readonly id: GrantId;
  readonly userId: UserId;
  readonly sessionId: SessionId | null;
  readonly deviceId: number | null;
  readonly boundKey: string | null;
  readonly at: number;
  readonly expiresAt: number;
  /** It ends with its session: not offline, or a code. */
  readonly isOnline: boolean;
  /** It lives, comes from no other, and can be refreshed. */
  readonly isCounted: boolean;
}

export interface SignIn {
  readonly userId: UserId;
  readonly conditions: Pick<OpenConditions, 'limit' | 'signsOut'>;
  /** The session at this browser by now, if it has not ended. */
  readonly replaces: OpenSession | undefined;
  /** Those of the user that live. */
  readonly sessions: readonly OpenSession[];
  /** Those of the user, and those of `replaces`. */
  readonly grants: readonly OpenGrant[];
  readonly device: Newcomer;
  readonly types: ReadonlyMap<number, DeviceType>;
}

export interface SignInPlan {
  readonly kind: 'plan';
  readonly turn: number;
  readonly ends: readonly { readonly session: OpenSession; readonly reason: SessionEnd }[];
  readonly revokes: readonly { readonly grant: OpenGrant; readonly reason: 'signed_out' | 'session_replaced' }[];
  /** Grants that go on in the new session; `isHere`: on its device. */
  readonly moves: readonly { readonly grant: OpenGrant; readonly isHere: boolean }[];
  /** Devices that are signed out, of which the log tells. */
  readonly devices: readonly { readonly id: number; readonly reason: 'signed_out' | 'session_replaced' }[];
  /** How many devices were replaced. */
  readonly replaced: number;
}

export function planSignIn(signIn: SignIn): SignInPlan | { readonly kind: 'too_many_devices' } {
  const { userId, replaces, sessions, grants, device, conditions } = signIn;
  const own = replaces?.userId === userId ? replaces : undefined;
  const foreign = replaces === own ? undefined : replaces;
  const moved = grants.filter(({ sessionId }) => own !== undefined && sessionId === own.id);
  const leaving = idsOf(conditions.signsOut);
  const isLeavingDevice = ({ deviceId }: Pick<Held, 'deviceId'>): boolean =>
    deviceId !== null && deviceId !== device.deviceId && leaving.devices.includes(deviceId);

  const others = sessions.filter((session) => session.id !== own?.id);
  const gone = others.filter((session) => isLeavingDevice(session) || leaving.sessions.includes(session.id));
  const staying = others.filter((session) => !gone.includes(session));
  // What else the one has who was signed in here before is nothing to this sign-in.
  const isLeaving = (grant: OpenGrant): boolean =>
    grant.userId === userId &&
    (isLeavingDevice(grant) || leaving.grants.includes(grant.id) || (grant.isOnline && gone.some(({ id }) => id === grant.sessionId)));
  const left = grants.filter((grant) => grant.userId === userId && !moved.includes(grant) && !isLeaving(grant));
  const victims = conditions.limit === undefined ? [] : victimsOf(heldBy(staying, left), device, conditions.limit, signIn.types);
  if (victims === 'too_many_devices') return { kind: 'too_many_devices' };

  const replacedSessions = staying.filter((session) => victims.some((slot) => holds(slot, 'session', session.id)));
  const replacedGrants = left.filter((grant) => victims.some((slot) => belongs(slot, grant)));
  const old = tooMany(
    staying.filter((session) => !replacedSessions.includes(session)),
    device.deviceId,
  );
  // Only where somebody was signed in: an id may be anybody's.
  const leavingThere = [...gone, ...grants.filter((grant) => isLeaving(grant) && !moved.includes(grant))].filter(isLeavingDevice);
  const leftDevices = new Set(leavingThere.flatMap(({ deviceId }) => deviceId ?? []));
  return {
    kind: 'plan',
    turn: 1 + Math.max(0, ...sessions.map(({ turn }) => turn)),
    ends: [
      ...[...(own === undefined ? [] : [own]), ...old].map((session) => ({ session, reason: 'renewed' as const })),
      ...[...(foreign === undefined ? [] : [foreign]), ...gone].map((session) => ({
        session,
        reason: 'signed_out' as const,
      })),
      ...replacedSessions.map((session) => ({ session, reason: 'session_replaced' as const })),
    ],
    revokes: [
      ...grants
        .filter((grant) => !moved.includes(grant))
        .filter((grant) => isLeaving(grant) || (grant.isOnline && foreign !== undefined && grant.sessionId === foreign.id))
        .map((grant) => ({ grant, reason: 'signed_out' as const })),
      ...replacedGrants.map((grant) => ({ grant, reason: 'session_replaced' as const })),
    ],
    moves: [
      ...moved.map((grant) => ({ grant, isHere: true })),
      ...left.filter(({ sessionId }) => old.some(({ id }) => id === sessionId)).map((grant) => ({ grant, isHere: false })),
    ],
    devices: [
      ...[...leftDevices].map((id) => ({ id, reason: 'signed_out' as const })),
      ...victims.flatMap((slot) => slot.devices).map((id) => ({ id, reason: 'session_replaced' as const })),
    ],
    replaced: victims.length,
  };
}

function heldBy(sessions: readonly OpenSession[], grants: readonly OpenGrant[]): readonly Held[] {
  // A grant without a session that lives stands where it would if it were one.
  const turnAt = (at: number): number => Math.max(0, ...sessions.filter(({ createdAt }) => createdAt <= at).map(({ turn }) => turn));
  return [
    ...sessions.map(({ id, deviceId, turn, createdAt: at }) => ({ kind: 'session' as const, id, deviceId, boundKey: null, turn, at })),
    ...grants
      .filter(({ isCounted }) => isCounted)
      .map(({ id, deviceId, boundKey, at, sessionId }) => {
        const session = sessions.find((one) => one.id === sessionId);
        return { kind: 'grant' as const, id, deviceId, boundKey, turn: session?.turn ?? turnAt(at), at };
      }),
  ];
}

function holds({ held }: Slot, kind: Held['kind'], id: number): boolean {
  return held.some((thing) => thing.kind === kind && thing.id === id);
}

/** Of what is replaced every grant goes: offline ones, codes, and those that nothing refreshes. */
function belongs(slot: Slot, grant: OpenGrant): boolean {
  return isOf(slot, grant) || holds(slot, 'grant', grant.id) || (grant.sessionId !== null && holds(slot, 'session', grant.sessionId));
}

/** The oldest beyond what a user, or one device of theirs, may have beside a newcomer. */
function tooMany(sessions: readonly OpenSession[], device: number | null): readonly OpenSession[] {
  const oldest = sessions.toSorted((one, other) => compareHeld({ ...one, at: one.createdAt }, { ...other, at: other.createdAt }));
  const here = oldest.filter(({ deviceId }) => device !== null && deviceId === device);
  const surplus = here.slice(0, Math.max(0, here.length + 1 - MAX_SESSIONS_OF_DEVICE));
  const rest = oldest.filter((session) => !surplus.includes(session));
  return [...surplus, ...rest.slice(0, Math.max(0, rest.length + 1 - MAX_SESSIONS))];
}
