import { readFile } from 'node:fs/promises';
import { RefusedError, UsageError } from '../command.ts';
import { writePrivately } from '../write-privately.ts';
import type { Plan, Step } from './plan-state.ts';

const FORMAT = 'hufu plan 1';

/** Keeps a plan for `hufu apply --plan`, for its owner alone: whoever can change it decides what is applied. */
export function writePlan(file: string, plan: Plan): Promise<void> {
  return writePrivately(file, `${JSON.stringify({ format: FORMAT, ...plan }, null, 2)}\n`);
}

/** Throws `UsageError` where it is no plan of this version. */
export async function readPlan(file: string): Promise<Plan> {
  const text = await readFile(file, 'utf8').catch(() => {
    throw new UsageError(`${file} cannot be read`);
  });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new UsageError(`${file} is not JSON`);
  }
  const { format, issuer, owner, limitsTag, steps }: Readonly<Record<string, unknown>> = Object(value);
  if (format !== FORMAT) throw new RefusedError(`${file} is no plan of this version: plan again`);
  if (!isText(issuer) || !isText(owner) || !Array.isArray(steps) || !steps.every(isStep))
    throw new RefusedError(`${file} has been changed: plan again`);
  return { issuer, owner, limitsTag: isText(limitsTag) ? limitsTag : undefined, steps, leftovers: [], obstacles: [] };
}

/** What each step has to hold beside its kind: texts and objects. */
const MEMBERS: { readonly [K in Step['kind']]: { readonly texts: readonly string[]; readonly objects: readonly string[] } } = {
  client_add: { texts: ['name'], objects: ['metadata'] },
  client_change: { texts: ['name', 'clientId', 'tag'], objects: ['metadata'] },
  client_remove: { texts: ['name', 'clientId', 'tag'], objects: [] },
  user_add: { texts: ['username'], objects: ['claims'] },
  user_change: { texts: ['username', 'sub', 'tag'], objects: ['claims'] },
  role_put: { texts: ['username', 'role'], objects: [] },
  role_remove: { texts: ['username', 'before'], objects: [] },
  limit_put: { texts: ['name'], objects: ['rule'] },
  limit_reset: { texts: ['name'], objects: [] },
};

function isStep(value: unknown): value is Step {
  const step: Readonly<Record<string, unknown>> = Object(value);
  const { kind, differences } = step;
  const members = Object.entries(MEMBERS).find(([name]) => name === kind)?.[1];
  if (step['effect'] !== undefined && !isEnding(step['effect'])) return false;
  if (members === undefined || !Array.isArray(differences) || !differences.every((one) => isText(Object(one)['path']))) return false;
  return (
    members.texts.every((name) => isText(step[name])) &&
    members.objects.every((name) => typeof step[name] === 'object' && step[name] !== null)
  );
}

function isEnding(value: unknown): boolean {
  const { grants, users, usernames }: Readonly<Record<string, unknown>> = Object(value);
  return typeof grants === 'number' && typeof users === 'number' && Array.isArray(usernames) && usernames.every(isText);
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}
