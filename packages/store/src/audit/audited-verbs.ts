import { type UserId, userId } from '@hufu/protocol/ids';
import type { AuditDetail, AuditTarget } from '../port/audit.ts';
import type { Store } from '../port.ts';

/** Every verb: what answers with a promise. */
export type Verb = { [K in keyof Store]: Store[K] extends (...args: never[]) => Promise<unknown> ? K : never }[keyof Store];

/** The verbs that write an entry with what they change. */
export type AuditedVerb =
  | 'putClient'
  | 'changeClient'
  | 'removeClient'
  | 'createUser'
  | 'setClaims'
  | 'changePassword'
  | 'verifyEmail'
  | 'setUserEnabled'
  | 'lockUser'
  | 'deleteUser'
  | 'openSession'
  | 'endSession'
  | 'endOtherSessions'
  | 'giveConsent'
  | 'withdrawConsent'
  | 'revokeGrant'
  | 'revokeUser'
  | 'revokeClient'
  | 'revokeToken'
  | 'approvePending'
  | 'denyPending'
  | 'addKey'
  | 'retireKey'
  | 'removeKey'
  | 'revokeKey'
  | 'renewRevocationEpoch'
  | 'renameDevice'
  | 'trustDevice'
  | 'removeDevice'
  | 'signOutClient'
  | 'distrustDevices'
  | 'addFactor'
  | 'renameFactor'
  | 'removeFactor'
  | 'removeFactors'
  | 'putRecoveryCodes'
  | 'takeRecoveryCode'
  | 'takeTry'
  | 'openChallenge'
  | 'linkIdentity'
  | 'unlinkIdentity'
  | 'putLimitRule'
  | 'removeLimitRule'
  | 'putAdministrator'
  | 'removeAdministrator'
  | 'createWebhook'
  | 'changeWebhook'
  | 'removeWebhook'
  | 'redeliverWebhook';

/** What an entry says of a verb. Of a user the number, which is told as their subject identifier where that is known. */
export interface Told {
  readonly action: string;
  readonly user?: UserId;
  readonly target?: AuditTarget;
  readonly details?: Readonly<Record<string, AuditDetail | undefined>>;
}

/** What a verb has to tell once it has answered; undefined where it has changed nothing. */
type Tell<V extends Verb> = (args: Parameters<Store[V]>, answer: Awaited<ReturnType<Store[V]>>) => Told | undefined;

/** Why a verb is not in the audit log. */
type Reason =
  /** Changes nothing. */
  | 'reads'
  /** Issues or renews, or refuses to: the journal of decisions and the grant itself tell that. */
  | 'issues'
  /** A step on the way to something that is told when it happens. */
  | 'step'
  /** That something was used or seen. */
  | 'trace'
  /** A queue of the server's own. */
  | 'queue'
  /** Of the edge, whose sessions stand on those that are told. */
  | 'edge'
  /** The log's own, and what is there before it. */
  | 'own';

const done = (answer: string): boolean => answer === 'done';

/**
 * Every verb of the store: what is written about it, or why nothing is. The type leaves out none, so that a new verb has to be thought about.
 */
export const AUDITED_VERBS: { readonly [V in Verb]: V extends AuditedVerb ? Tell<V> : Reason } = {
  time: 'reads',
  keepTime: 'trace',
  close: 'own',
  ensureTenant: 'own',

  putClient: ([, { clientId, enabled, source }], { version }) => ({
    action: 'client.put',
    target: clientTarget(clientId),
    details: { enabled, source, version },
  }),
  changeClient: ([, { clientId, enabled, source }], answer) =>
    answer.kind === 'done'
      ? { action: 'client.changed', target: clientTarget(clientId), details: { enabled, source, version: answer.client.version } }
      : undefined,
  removeClient: ([, clientId], answer) => (answer === 'removed' ? { action: 'client.removed', target: clientTarget(clientId) } : undefined),
  findClient: 'reads',
  noteClientUse: 'trace',
  countClients: 'reads',
  listClients: 'reads',

  createUser: ([, { sub, source, identity, enabled, lockedUntil }], answer) =>
    answer.kind === 'created'
      ? {
          action: 'user.created',
          target: { kind: 'user', id: sub },
          details: { source: source ?? 'config', upstream: identity?.upstream, enabled, locked_until: lockedUntil },
        }
      : undefined,
  findUser: 'reads',
  findUserByName: 'reads',
  findUserByEmail: 'reads',
  listUsers: 'reads',
  setClaims: ([, user], answer) => (done(answer) ? { action: 'user.claims_changed', user } : undefined),
  // The same password, hashed anew.
  upgradePasswordHash: 'trace',
  changePassword: ([, user, , hash], { kind }) =>
    done(kind) ? { action: hash === undefined ? 'password.removed' : 'password.changed', user } : undefined,
  verifyEmail: ([, user, , , { forgetsCredentials }], { kind }) =>
    done(kind) ? { action: 'email.verified', user, details: { forgets_credentials: forgetsCredentials } } : undefined,
  setUserEnabled: ([, user, enabled], answer) => (done(answer) ? { action: enabled ? 'user.enabled' : 'user.disabled', user } : undefined),
  lockUser: ([, user, until], answer) =>
    done(answer) ? { action: until === undefined ? 'user.unlocked' : 'user.locked', user, details: { until } } : undefined,
  deleteUser: ([, user], answer) => (answer === 'deleted' ? { action: 'user.deleted', user } : undefined),

  openSession: ([, { userId, amr }], answer) =>
    answer.kind === 'opened'
      ? {
          action: 'session.opened',
          user: userId,
          details: { session: answer.session.id, amr: amr.join(' '), new_device: answer.isNewDevice, replaced: answer.replaced },
        }
      : undefined,
  findSession: 'reads',
  listSessions: 'reads',
  endSession: ([, id, reason], answer) =>
    answer === 'ended' ? { action: 'session.ended', target: { kind: 'session', id: String(id) }, details: { reason } } : undefined,
  endOtherSessions: ([, user, keep, reason], { ended }) => ({
    action: 'session.others_ended',
    user,
    details: { reason, kept: keep, ended },
  }),
  seeSession: 'trace',
  listParticipants: 'reads',

  findConsent: 'reads',
  listConsents: 'reads',
  giveConsent: ([, user, client, scopes, resources]) => ({
    action: 'consent.given',
    user,
    details: { client, scopes: scopes.join(' '), resources: resources.join(' ') },
  }),
  withdrawConsent: ([, user, client], { revokedGrants }) => ({
    action: 'consent.withdrawn',
    user,
    details: { client, revoked: revokedGrants },
  }),

  createGrant: 'issues',
  admit: 'issues',
  findGrant: 'reads',
  ownGrant: 'issues',
  exchangeCode: 'issues',
  rotate: 'issues',
  listGrants: 'reads',
  findRevokedToken: 'reads',
  revokeGrant: ([, id, reason], answer) =>
    answer === 'revoked' ? { action: 'grant.revoked', target: { kind: 'grant', id: String(id) }, details: { reason } } : undefined,
  revokeUser: ([, user, reason], { revokedGrants }) => ({ action: 'user.revoked', user, details: { reason, revoked: revokedGrants } }),
  revokeClient: ([, clientId, , consents], answer) =>
    answer === 'revoked' ? { action: 'client.revoked', target: clientTarget(clientId), details: { consents } } : undefined,
  revokeToken: ([, grant, , expiresAt, now]) =>
    expiresAt > now ? { action: 'token.revoked', target: { kind: 'grant', id: String(grant) } } : undefined,

  pushRequest: 'step',
  findPushedRequest: 'reads',
  openPending: 'step',
  findPending: 'reads',
  findPendingByUserCode: 'reads',
  listPendingOfUser: 'reads',
  notePoll: 'trace',
  approvePending: ([, , { userId, clientId, scopes }], answer) =>
    answer.kind === 'approved'
      ? {
          action: 'authorization.approved',
          ...(userId === undefined ? {} : { user: userId }),
          details: { client: clientId, grant: answer.grantId, scopes: scopes.join(' ') },
        }
      : undefined,
  denyPending: ([, id, user], answer) =>
    answer === 'denied' ? { action: 'authorization.denied', user, details: { pending: id } } : undefined,
  takeNotifications: 'queue',
  settleNotification: 'queue',
  takeOnce: 'step',

  listKeys: 'reads',
  addKey: ([, { use, alg, activeAt }], answer) =>
    answer.kind === 'added' ? { action: 'key.added', target: keyTarget(answer.id), details: { use, alg, active_at: activeAt } } : undefined,
  retireKey: ([, id, retiredAt, expiresAt]) => ({
    action: 'key.retired',
    target: keyTarget(id),
    details: { retired_at: retiredAt, expires_at: expiresAt },
  }),
  removeKey: ([, id]) => ({ action: 'key.removed', target: keyTarget(id) }),
  revokeKey: ([, id, kid], answer) =>
    answer === 'revoked' ? { action: 'key.revoked', target: keyTarget(id), details: { kid } } : undefined,
  keysVersion: 'reads',

  recordDecisions: 'trace',
  writeMetrics: 'trace',
  readMetrics: 'reads',
  listMetricNodes: 'reads',
  rewriteDecisions: 'trace',
  findDecision: 'reads',
  listDecisions: 'reads',
  recordHistory: 'trace',
  listHistory: 'reads',
  readRevocations: 'reads',
  readRevocationHead: 'reads',
  renewRevocationEpoch: ([, from, to], answer) =>
    answer === to && from !== undefined
      ? { action: 'revocations.renewed', target: { kind: 'tenant', id: '' }, details: { from, to } }
      : undefined,
  watchRevocations: 'reads',
  acknowledgeRevocations: 'trace',
  listRevocationFollowers: 'reads',
  statusHead: 'reads',
  listStates: 'reads',
  listClientStates: 'reads',
  listChildren: 'reads',
  findLine: 'reads',
  listDescendants: 'reads',
  countDescendants: 'reads',
  takeDeliveries: 'queue',
  settleDelivery: 'queue',
  listDeadDeliveries: 'reads',

  listDevices: 'reads',
  findDevice: 'reads',
  renameDevice: ([, user, id], answer) => (done(answer) ? { action: 'device.renamed', user, details: { device: id } } : undefined),
  trustDevice: ([, user, id, , , until], answer) =>
    done(answer) ? { action: 'device.trusted', user, details: { device: id, until } } : undefined,
  useTrust: 'trace',
  removeDevice: ([, user, id], answer) => (done(answer) ? { action: 'device.removed', user, details: { device: id } } : undefined),
  signOutClient: ([, user, client], { revoked }) => ({ action: 'client.signed_out', user, details: { client, revoked } }),
  distrustDevices: ([, user]) => ({ action: 'device.all_distrusted', user }),
  findSessionDevice: 'reads',

  listFactors: 'reads',
  findPasskey: 'reads',
  addFactor: ([, user, , { kind }], answer) =>
    answer.kind === 'added' ? { action: 'factor.added', user, details: { factor: answer.factor.id, kind } } : undefined,
  useFactor: 'trace',
  renameFactor: ([, user, id], answer) => (done(answer) ? { action: 'factor.renamed', user, details: { factor: id } } : undefined),
  removeFactor: ([, user, , id], { kind }) => (done(kind) ? { action: 'factor.removed', user, details: { factor: id } } : undefined),
  removeFactors: ([, user], answer) => (done(answer) ? { action: 'factor.all_removed', user } : undefined),
  putRecoveryCodes: ([, user, , hashes], { kind }) =>
    done(kind) ? { action: 'recovery_codes.made', user, details: { codes: hashes.length } } : undefined,
  countRecoveryCodes: 'reads',
  takeRecoveryCode: ([, user], taken) => (taken ? { action: 'recovery_code.used', user } : undefined),
  // The one that uses up what there is locks: those after it find it locked.
  takeTry: ([, kind, subject, max, windowSeconds], answer) =>
    locks(kind, subject) && answer.kind === 'taken' && answer.count === max
      ? { action: 'tries.used_up', ...whoseTries(subject), details: { of: kind, max, seconds: windowSeconds } }
      : undefined,
  giveBackTry: 'trace',
  forgetTries: 'trace',
  // All others are steps: of an invitation the rest may never come.
  openChallenge: ([, { purpose }], { userId }) =>
    purpose === 'invite' && userId !== undefined ? { action: 'user.invited', user: userId } : undefined,
  findChallenge: 'reads',
  answerChallenge: 'step',
  renewCode: 'step',
  putMail: 'queue',
  takeMails: 'queue',
  settleMail: 'queue',
  findIdentity: 'reads',
  listIdentities: 'reads',
  linkIdentity: ([, user, , { upstream }], { kind }) =>
    done(kind) ? { action: 'identity.linked', user, details: { upstream } } : undefined,
  useIdentity: 'trace',
  unlinkIdentity: ([, user, , upstream], { kind }) =>
    done(kind) ? { action: 'identity.unlinked', user, details: { upstream } } : undefined,
  addUserEvent: 'trace',
  listUserEvents: 'reads',

  listLimitRules: 'reads',
  limitRulesVersion: 'reads',
  putLimitRule: ([, { name }], answer) =>
    answer.kind === 'done' ? { action: 'limit.set', target: { kind: 'limit', id: name }, details: { version: answer.version } } : undefined,
  removeLimitRule: ([, name], answer) =>
    answer.kind === 'done'
      ? { action: 'limit.reset', target: { kind: 'limit', id: name }, details: { version: answer.version } }
      : undefined,

  putEdgeRecord: 'edge',
  findEdgeRecord: 'edge',
  replaceEdgeRecord: 'edge',
  touchEdgeRecord: 'edge',
  endEdgeRecord: 'edge',
  endEdgeSessions: 'edge',
  readEdgeEnds: 'edge',
  readEdgeHead: 'edge',
  takeEdgeTombstones: 'edge',
  settleEdgeTombstone: 'edge',

  listAdministrators: 'reads',
  findAdministrator: 'reads',
  putAdministrator: ([, { userId, role }], answer) =>
    done(answer) ? { action: 'administrator.set', user: userId, details: { role } } : undefined,
  removeAdministrator: ([, user], answer) => (done(answer) ? { action: 'administrator.removed', user } : undefined),
  beginReply: 'step',
  keepReply: 'step',
  findUserBySub: 'reads',
  searchUsers: 'reads',
  searchClients: 'reads',
  countGrants: 'reads',
  listRevocations: 'reads',

  sealAudit: 'own',
  readAuditHead: 'reads',
  readAudit: 'reads',
  listAudit: 'reads',
  putAuditCheckpoint: 'own',
  listAuditCheckpoints: 'reads',

  listWebhooks: 'reads',
  findWebhook: 'reads',
  createWebhook: ([, { id, actions, enabled }], { kind }) =>
    kind === 'created'
      ? { action: 'webhook.created', target: webhookTarget(id), details: { actions: actions.join(' '), enabled } }
      : undefined,
  // Addresses often let whoever knows them in, and the log is read by more people than webhooks are.
  changeWebhook: ([, id, { actions, enabled, endedBy }], { kind }) =>
    done(kind)
      ? { action: 'webhook.changed', target: webhookTarget(id), details: { actions: actions.join(' '), enabled, ended_by: endedBy } }
      : undefined,
  removeWebhook: ([, id], answer) => (answer === 'removed' ? { action: 'webhook.removed', target: webhookTarget(id) } : undefined),
  dueWebhooks: 'reads',
  takeWebhook: 'queue',
  settleWebhook: 'queue',
  listWebhookDeliveries: 'reads',
  redeliverWebhook: ([, id, seq], answer) =>
    done(answer) ? { action: 'webhook.redelivered', target: webhookTarget(id), details: { seq } } : undefined,
};

/** The names of the verbs that write an entry. */
export const AUDITED: readonly AuditedVerb[] = Object.entries(AUDITED_VERBS).flatMap(([name, tell]) =>
  typeof tell === 'function' ? [name as AuditedVerb] : [],
);

/** What an audited verb has to tell; `args` and `answer` are those of the verb. */
export function tellAudited(verb: AuditedVerb, args: readonly unknown[], answer: unknown): Told | undefined {
  return Reflect.apply(AUDITED_VERBS[verb], undefined, [args, answer]) as Told | undefined;
}

/** Whether a call may have anything to tell: what surely has not needs no more than its one statement. */
export function mayTell(verb: AuditedVerb, args: readonly unknown[]): boolean {
  if (verb === 'openChallenge') return Object(args[1]).purpose === 'invite';
  return verb !== 'takeTry' || locks(String(args[1]), String(args[2]));
}

/** Tries that lock somebody out for a while once they are used up; the others bound what costs something. */
const LOCKING: ReadonlySet<string> = new Set(['second_factor', 'totp_failures', 'recovery_code']);

/** Whether somebody is locked out once there are no more; a subject that begins with `told` counts notices about that. */
function locks(kind: string, subject: string): boolean {
  return LOCKING.has(kind) && !subject.startsWith('told ');
}

/** Of those that lock, a subject begins with the user's number; what else somebody counts is told as it is. */
function whoseTries(subject: string): Pick<Told, 'user' | 'target'> {
  const [id = ''] = subject.split(' ', 1);
  return /^[1-9]\d{0,14}$/.test(id) ? { user: userId(Number(id)) } : { target: { kind: 'tries', id: subject } };
}

function clientTarget(id: string): AuditTarget {
  return { kind: 'client', id };
}

function keyTarget(id: number): AuditTarget {
  return { kind: 'key', id: String(id) };
}

function webhookTarget(id: string): AuditTarget {
  return { kind: 'webhook', id };
}
