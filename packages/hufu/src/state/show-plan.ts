import { tellEffect } from '../admin/ask-first.ts';
import { type Paint, showDifferences } from '../diff.ts';
import { visible } from '../display-width.ts';
import { type Plan, removes, type Step } from './plan-state.ts';

/** A plan as people read it, in a stable order. No secret is in it. */
export function showPlan({ issuer, owner, steps, leftovers, obstacles }: Plan, paint: Paint): string {
  return [
    visible(`${owner} at ${issuer}`),
    ...steps.flatMap((step) => [
      paint(kindOf(step), `${MARKS[kindOf(step)]} ${aboutStep(step)}`),
      ...showDifferences(step.differences).map((line) => `    ${line}`),
      ...accessOf(step).map((line) => `    ${line.startsWith('!') ? paint('warn', visible(line)) : visible(line)}`),
    ]),
    ...leftovers.map((one) => `  ${visible(one)} is not in the file: --prune removes it`),
    ...obstacles.map((one) => paint('warn', `! ${visible(one)}`)),
    summaryOf(steps),
  ].join('\n');
}

/** What a step is about, in words. */
export function aboutStep(step: Step): string {
  switch (step.kind) {
    case 'client_add':
      return visible(`client ${step.name}`);
    case 'client_change':
    case 'client_remove':
      return visible(`client ${step.name} (${step.clientId})`);
    case 'user_add':
    case 'user_change':
      return visible(`user ${step.username}`);
    case 'role_put':
    case 'role_remove':
      return visible(`administrator ${step.username}`);
    case 'limit_put':
    case 'limit_reset':
      return visible(`limit ${step.name}`);
  }
}

/** Who gains or loses access by a step. */
export function accessOf(step: Step): readonly string[] {
  const ends = step.effect === undefined ? [] : [`! ${tellEffect(step.effect, step.effect.usernames)} end`];
  switch (step.kind) {
    case 'client_add': {
      const { scope, grant_types: grants } = step.metadata;
      return [
        `it may ask for ${typeof scope === 'string' ? scope : 'every scope'}, by ${Array.isArray(grants) ? grants.join(', ') : 'authorization_code'}`,
      ];
    }
    case 'user_add':
      return ['they have an account, and no password until they set one'];
    case 'role_put':
      return [`they may do what ${step.role} may${step.before === null ? '' : `, and no longer what ${step.before} may`}`];
    case 'role_remove':
      return ['! they may do nothing here any more'];
    case 'limit_reset':
      return ['what the configuration says holds again'];
    case 'client_change':
    case 'client_remove':
    case 'user_change':
    case 'limit_put':
      return ends;
  }
}

type Kind = 'add' | 'change' | 'remove';
const MARKS: Readonly<Record<Kind, string>> = { add: '+', change: '~', remove: '-' };

function kindOf(step: Step): Kind {
  if (removes(step)) return 'remove';
  const isNew = step.kind === 'client_add' || step.kind === 'user_add' || (step.kind === 'role_put' && step.before === null);
  return isNew ? 'add' : 'change';
}

function summaryOf(steps: readonly Step[]): string {
  if (steps.length === 0) return 'Everything is as the file has it.';
  const count = (kind: Kind): number => steps.filter((step) => kindOf(step) === kind).length;
  const grants = steps.reduce((sum, { effect }) => sum + (effect?.grants ?? 0), 0);
  return `${count('add')} to add, ${count('change')} to change, ${count('remove')} to remove; ${grants} live ${grants === 1 ? 'grant ends' : 'grants end'}.`;
}
