import { randomUUID } from 'node:crypto';
import { type AdminTransport, callAdmin, isProblem } from '@hufu/client/admin';
import { ClientError } from '@hufu/client/client-error';
import { isRole } from '@hufu/protocol/admin/roles';
import { foldUsername } from '@hufu/store/username';
import { RefusedError } from '../command.ts';
import { clientsOf, type Plan, type Step, subOf } from './plan-state.ts';

/** A secret that a step has made. */
export interface MadeSecret {
  readonly name: string;
  readonly clientId: string;
  readonly secret: string;
}

/** How far an application came. */
export interface Applied {
  readonly done: readonly Step[];
  readonly secrets: readonly MadeSecret[];
  /** What stopped it; undefined where all is done. */
  readonly failure?: { readonly step: Step; readonly error: unknown };
}

/**
 * Does what was planned, and nothing else. Everything is looked at once more before anything is done: throws `RefusedError` where something is not as it was when it was planned. Then step by step, each
 * on the condition that nobody was faster; the first that fails ends it.
 *
 * @param onDone is told of each step, with the secret that it made, before the next one begins
 */
export async function applyPlan(
  transport: AdminTransport,
  plan: Plan,
  onDone: (step: Step, secret: MadeSecret | undefined) => void | Promise<void>,
): Promise<Applied> {
  const changed = await changesSince(transport, plan);
  if (changed.length > 0)
    throw new RefusedError(
      `nothing was done, as something has changed since it was planned: plan again\n${changed.map((one) => `  ${one}`).join('\n')}`,
    );
  const done: Step[] = [];
  const secrets: MadeSecret[] = [];
  let limitsTag = plan.limitsTag;
  for (const step of plan.steps) {
    try {
      const made = await doStep(transport, step, limitsTag);
      limitsTag = made.limitsTag ?? limitsTag;
      done.push(step);
      if (made.secret !== undefined) secrets.push(made.secret);
      await onDone(step, made.secret);
    } catch (error) {
      return { done, secrets, failure: { step, error } };
    }
  }
  return { done, secrets };
}

/** What is not as it was. */
async function changesSince(transport: AdminTransport, plan: Plan): Promise<readonly string[]> {
  const changed: string[] = [];
  const { steps } = plan;
  const ours = steps.some(({ kind }) => kind === 'client_add') ? await clientsOf(transport, plan.owner) : new Map();
  const roles = steps.some(({ kind }) => kind === 'role_put' || kind === 'role_remove')
    ? new Map((await callAdmin(transport, 'administrators.list', {})).body.items.map((one) => [foldUsername(one.username), one.role]))
    : new Map<string, string>();
  if (
    steps.some(({ kind }) => kind === 'limit_put' || kind === 'limit_reset') &&
    (await callAdmin(transport, 'limits.list', {})).etag !== plan.limitsTag
  )
    changed.push('the limits');
  for (const step of steps) {
    switch (step.kind) {
      case 'client_add':
        if (ours.has(step.name)) changed.push(`client ${step.name} has been made meanwhile`);
        break;
      case 'client_change':
      case 'client_remove':
        if ((await tagOfClient(transport, step.clientId)) !== step.tag) changed.push(`client ${step.name} (${step.clientId})`);
        break;
      case 'user_add':
        if ((await subOf(transport, step.username)) !== undefined) changed.push(`user ${step.username} has been made meanwhile`);
        break;
      case 'user_change':
        if ((await tagOfUser(transport, step.sub)) !== step.tag) changed.push(`user ${step.username}`);
        break;
      case 'role_put':
      case 'role_remove':
        if ((roles.get(foldUsername(step.username)) ?? null) !== step.before) changed.push(`the role of ${step.username}`);
        break;
      case 'limit_put':
      case 'limit_reset':
        break;
    }
  }
  return changed;
}

/** Undefined where it is gone. */
function tagOfClient(transport: AdminTransport, client_id: string): Promise<string | undefined> {
  return callAdmin(transport, 'clients.get', { params: { client_id } }).then(({ etag }) => etag, goneOrThrow);
}

function tagOfUser(transport: AdminTransport, sub: string): Promise<string | undefined> {
  return callAdmin(transport, 'users.get', { params: { sub } }).then(({ etag }) => etag, goneOrThrow);
}

function goneOrThrow(error: unknown): undefined {
  if (isProblem(error, 'not_found')) return undefined;
  throw error;
}

interface StepDone {
  readonly secret?: MadeSecret;
  readonly limitsTag?: string | undefined;
}

async function doStep(transport: AdminTransport, step: Step, limitsTag: string | undefined): Promise<StepDone> {
  switch (step.kind) {
    case 'client_add': {
      const { body } = await once((idempotencyKey) =>
        callAdmin(transport, 'clients.create', { body: { metadata: step.metadata }, idempotencyKey }),
      );
      return secretOf(step.name, body.client.client_id, body.client_secret);
    }
    case 'client_change': {
      const params = { client_id: step.clientId };
      const { body } = await callAdmin(transport, 'clients.update', { params, body: { metadata: step.metadata }, ifMatch: step.tag });
      return secretOf(step.name, step.clientId, body.client_secret);
    }
    case 'client_remove':
      await callAdmin(transport, 'clients.delete', { params: { client_id: step.clientId }, ifMatch: step.tag });
      return {};
    case 'user_add':
      await once((idempotencyKey) =>
        callAdmin(transport, 'users.create', { body: { username: step.username, claims: step.claims }, idempotencyKey }),
      );
      return {};
    case 'user_change':
      await callAdmin(transport, 'users.claims.put', { params: { sub: step.sub }, body: { claims: step.claims }, ifMatch: step.tag });
      return {};
    case 'role_put': {
      const { role } = step;
      if (!isRole(role)) throw new RefusedError(`${role} is no role`);
      await callAdmin(transport, 'administrators.put', { params: { sub: await requireSub(transport, step.username) }, body: { role } });
      return {};
    }
    case 'role_remove':
      await callAdmin(transport, 'administrators.remove', { params: { sub: await requireSub(transport, step.username) } });
      return {};
    case 'limit_put': {
      const { etag } = await callAdmin(transport, 'limits.put', { params: { name: step.name }, body: step.rule, ifMatch: limitsTag });
      return { limitsTag: etag };
    }
    case 'limit_reset': {
      const { etag } = await callAdmin(transport, 'limits.reset', { params: { name: step.name }, ifMatch: limitsTag });
      return { limitsTag: etag };
    }
  }
}

/** Tried again where nobody knows whether it was done: the same key has the same answer, secret and all. */
async function once<T>(act: (idempotencyKey: string) => Promise<T>): Promise<T> {
  const key = randomUUID();
  try {
    return await act(key);
  } catch (error) {
    if (error instanceof ClientError && error.kind === 'unreachable') return act(key);
    throw error;
  }
}

function secretOf(name: string, clientId: string, secret: string | undefined): StepDone {
  return secret === undefined ? {} : { secret: { name, clientId, secret } };
}

async function requireSub(transport: AdminTransport, username: string): Promise<string> {
  const sub = await subOf(transport, username);
  if (sub === undefined) throw new RefusedError(`there is no user ${username}`);
  return sub;
}
