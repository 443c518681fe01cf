import { existsSync } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { readClientMetadata } from '@hufu/protocol/client-metadata';
import { hasSecret } from '@hufu/server/registration/credentials';
import type { Ask } from '../admin/ask-first.ts';
import { explainRefusal } from '../admin/explain-refusal.ts';
import { type Reach, reachAdmin } from '../admin/reach.ts';
import { type CommandCall, type ExitCode, RefusedError, UsageError } from '../command.ts';
import { painter } from '../diff.ts';
import { namedIssuer } from '../login/named-issuer.ts';
import { writePrivately } from '../write-privately.ts';
import { applyPlan, type MadeSecret } from './apply-plan.ts';
import { readPlan, writePlan } from './plan-file.ts';
import { type Plan, planState, type Step } from './plan-state.ts';
import { readState } from './read-state.ts';
import { aboutStep, accessOf, showPlan } from './show-plan.ts';

export interface PlanOptions {
  readonly state: string;
  readonly prune: boolean;
  readonly out: string | undefined;
  readonly issuer: string | undefined;
  readonly detailed: boolean;
  readonly json: boolean;
}

/** `hufu plan --state`. */
export async function runPlan(call: CommandCall, { state, prune, out, issuer, detailed, json }: PlanOptions): Promise<ExitCode> {
  const { plan } = await planOf(call, { state, prune, issuer });
  call.out(json ? JSON.stringify(publicly(plan)) : showPlan(plan, painter(call.env, process.stdout.isTTY)));
  if (out !== undefined) {
    await writePlan(out, plan);
    call.err(`hufu apply --plan ${out} does this and nothing else.`);
  }
  return detailed && plan.steps.length + plan.obstacles.length > 0 ? 2 : 0;
}

export interface ApplyOptions {
  readonly state: string | undefined;
  readonly plan: string | undefined;
  readonly prune: boolean;
  readonly issuer: string | undefined;
  readonly secretsOut: string | undefined;
  readonly json: boolean;
}

/** `hufu apply --state` and `--plan`. */
export async function runApply(call: CommandCall, options: ApplyOptions, ask: Ask): Promise<ExitCode> {
  const { plan, reach } =
    options.plan === undefined
      ? await planOf(call, { ...options, state: options.state ?? '' })
      : await kept(call, options.plan, options.issuer);
  if (!options.json) call.out(showPlan(plan, painter(call.env, process.stdout.isTTY)));
  if (plan.obstacles.length > 0) throw new RefusedError(`nothing was done:\n${plan.obstacles.map((one) => `  ${one}`).join('\n')}`);
  if (plan.steps.length === 0) {
    if (options.json) call.out(JSON.stringify({ done: [] }));
    return 0;
  }
  const { secretsOut } = options;
  const made = plan.steps.find(makesSecret);
  if (secretsOut === undefined && made !== undefined)
    throw new UsageError(`${aboutStep(made)} gets a secret, which is told once: say with --secrets-out where it goes`);
  if (secretsOut !== undefined && existsSync(secretsOut))
    throw new UsageError(`${secretsOut} is there already: nothing of it is overwritten`);
  if (!(await ask(`This is done at ${plan.issuer}.`))) throw new RefusedError('nothing was done');
  return execute(call, plan, reach, options);
}

async function execute(call: CommandCall, plan: Plan, reach: Reach, { secretsOut, json }: ApplyOptions): Promise<ExitCode> {
  const secrets: MadeSecret[] = [];
  const keep = (file: string): Promise<void> =>
    writePrivately(file, `${JSON.stringify({ issuer: plan.issuer, clients: secrets.map(toWire) }, null, 2)}\n`);
  // Before anything is made: a secret that cannot be written down is lost.
  if (secretsOut !== undefined) await reserve(secretsOut);
  const { done, failure } = await explained(reach, () =>
    applyPlan(reach.transport, plan, async (step, secret) => {
      if (secret !== undefined) {
        secrets.push(secret);
        // At once: what comes after may fail.
        if (secretsOut !== undefined) await keep(secretsOut);
      }
      if (!json) call.out(`done: ${aboutStep(step)}`);
    }),
  ).finally(() => (secretsOut === undefined || secrets.length > 0 ? undefined : rm(secretsOut, { force: true })));
  const undone = plan.steps.slice(done.length);
  if (json) call.out(JSON.stringify({ done: done.map(aboutStep), not_done: undone.map(aboutStep) }));
  if (failure === undefined) return 0;
  const why = explainRefusal(failure.error, reach);
  call.err(`${aboutStep(failure.step)}: ${why instanceof Error ? why.message : 'it failed'}`);
  call.err(`Done: ${done.length === 0 ? 'nothing' : done.map(aboutStep).join(', ')}.`);
  call.err(`Not done: ${undone.length === 0 ? 'nothing' : undone.map(aboutStep).join(', ')}. Plan again to go on.`);
  if (!(why instanceof RefusedError)) throw why;
  return 1;
}

/** Makes the file, for its owner alone. Throws `UsageError` where it is there, also if somebody made it just now. */
async function reserve(file: string): Promise<void> {
  try {
    await (await open(file, 'wx', 0o600)).close();
  } catch (error) {
    throw new UsageError(`nothing was done: ${file} cannot be made${error instanceof Error ? ` (${error.message})` : ''}`);
  }
}

/** Whether the server makes a secret in this step: for a new client that has one, or one that has one from now on. */
function makesSecret(step: Step): boolean {
  if (step.kind !== 'client_add' && step.kind !== 'client_change') return false;
  const read = readClientMetadata(step.metadata, { source: 'store' });
  if (read.kind === 'refused' || !hasSecret(read.metadata)) return false;
  return step.kind === 'client_add' || step.differences.some(({ path }) => path === 'token_endpoint_auth_method' || path.endsWith('_alg'));
}

async function planOf(
  call: CommandCall,
  { state: file, prune, issuer }: { readonly state: string; readonly prune: boolean; readonly issuer: string | undefined },
): Promise<{ readonly plan: Plan; readonly reach: Reach }> {
  const state = await readState(file, call.env);
  const reach = await reachFor(call, file, state.issuer, issuer);
  return { reach, plan: await explained(reach, () => planState(reach.transport, reach.issuer, state, { prune })) };
}

async function kept(call: CommandCall, file: string, issuer: string | undefined): Promise<{ readonly plan: Plan; readonly reach: Reach }> {
  const plan = await readPlan(file);
  return { plan, reach: await reachFor(call, file, plan.issuer, issuer) };
}

/** The server that a file is about. A token of the environment goes where somebody has said, and not where a file says: that may be a stranger's, who asks for a change. */
async function reachFor(call: CommandCall, file: string, about: string | undefined, issuer: string | undefined): Promise<Reach> {
  const isNamed = (call.env['HUFU_TOKEN'] ?? '') !== '' || namedIssuer(call.env) !== undefined;
  const reach = await reachAdmin(call, issuer ?? (isNamed ? undefined : about));
  if (about !== undefined && reach.issuer !== about) throw new RefusedError(`${file} is about ${about}, not about ${reach.issuer}`);
  return reach;
}

async function explained<T>(reach: Reach, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    throw explainRefusal(error, reach);
  }
}

function publicly({ issuer, owner, steps, leftovers, obstacles }: Plan): object {
  const changes = steps.map((step) => ({
    kind: step.kind,
    about: aboutStep(step),
    differences: step.differences,
    access: accessOf(step),
    effect: step.effect,
  }));
  return { issuer, owner, changes, leftovers, obstacles };
}

function toWire({ name, clientId, secret }: MadeSecret): object {
  return { name, client_id: clientId, client_secret: secret };
}
