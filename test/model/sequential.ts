import { performance } from 'node:perf_hooks';
import fc from 'fast-check';
import type { Node } from '../support/nodes.ts';
import { Customer } from './customer.ts';
import * as intents from './intents.ts';
import { step } from './spec.ts';
import { CONFIDENTIAL, newWorld, type Op, OWN_RESOURCE, type World } from './world.ts';

interface Model {
  world: World;
  readonly history: string[];
}

export interface ModelRun {
  readonly runs: number;
  readonly seed: number;
  readonly maxCommands: number;
  /** For mutants, of whom one only wants to know that they die. */
  readonly shrink: boolean;
  /** Is told every command with its answer. */
  readonly seen?: (line: string) => void;
}

/** What one customer does after another, against the specification: every answer is the one that it says, and so is everything in the end. */
export async function checkSequentially(
  node: Node,
  { runs, seed, maxCommands, shrink, seen }: ModelRun,
): Promise<{ readonly commands: number; readonly seconds: number }> {
  await node.freeze();
  const begun = performance.now();
  let performed = 0;
  await fc.assert(
    fc.asyncProperty(begin, fc.commands([command], { maxCommands: maxCommands - 2, size: 'max' }), async (first, commands) => {
      const customer = await Customer.join(node);
      const model: Model = { world: newWorld(customer.now), history: [] };
      for (const intent of first) if (new Act(intent).check(model)) await new Act(intent).run(model, customer);
      await fc.asyncModelRun(() => ({ model, real: customer }), commands);
      performed += model.history.length;
      for (const op of sweep(model.world)) await act(model, customer, op);
      for (const line of model.history) seen?.(line);
    }),
    { numRuns: runs, seed, endOnFailure: !shrink, interruptAfterTimeLimit: LIMIT_MS, markInterruptAsFailure: true },
  );
  return { commands: performed, seconds: (performance.now() - begun) / 1000 };
}

const LIMIT_MS = 3_600_000;

/** Without a grant there is little to do, so each run begins with one, or with the attempt. */
const begin = fc.tuple(intents.authorize, intents.redeem);

const command = fc
  .oneof(
    { weight: 9, arbitrary: intents.authorize },
    { weight: 12, arbitrary: intents.redeem },
    { weight: 24, arbitrary: intents.refresh },
    { weight: 4, arbitrary: intents.revoke },
    { weight: 5, arbitrary: intents.introspect },
    { weight: 3, arbitrary: intents.userinfo },
    { weight: 6, arbitrary: intents.advance },
    { weight: 2, arbitrary: intents.disable },
    { weight: 8, arbitrary: intents.enable },
    { weight: 1, arbitrary: intents.changePassword },
    { weight: 1, arbitrary: intents.signOut },
    { weight: 1, arbitrary: intents.withdraw },
    { weight: 1, arbitrary: intents.revokeClient },
    { weight: 1, arbitrary: intents.rotateKey },
  )
  .map((intent) => new Act(intent));

class Act implements fc.AsyncCommand<Model, Customer> {
  readonly #intent: intents.Intent;

  constructor(intent: intents.Intent) {
    this.#intent = intent;
  }

  check(model: Readonly<Model>): boolean {
    return intents.resolve(this.#intent, model.world) !== undefined;
  }

  async run(model: Model, customer: Customer): Promise<void> {
    const op = intents.resolve(this.#intent, model.world);
    if (op !== undefined) await act(model, customer, op);
  }

  toString(): string {
    return JSON.stringify(this.#intent);
  }
}

async function act(model: Model, customer: Customer, op: Op): Promise<void> {
  const reply = await customer.perform(op);
  model.history.push(`${intents.describeOp(op)} → ${reply.outcome}`);
  const next = step(model.world, op, reply);
  if (next.kind === 'wrong') {
    throw new Error(`${model.history.join('\n')}\nexpected: ${next.expected}\ngot: ${JSON.stringify(reply)}`);
  }
  model.world = next.world;
}

/** Every access token once, and the newest refresh token of each grant: is it what it should be? */
export function sweep(world: World): readonly Op[] {
  const ops = new Map<string, Op>();
  for (const [text, token] of world.tokens) {
    const grant = world.grants[token.grant];
    if (grant === undefined || token.kind === 'code') continue;
    if (token.kind === 'access') {
      const caller = token.resource === OWN_RESOURCE ? grant.client : 'api';
      ops.set(token.name, CONFIDENTIAL.has(caller) ? { kind: 'introspect', token: text, caller } : { kind: 'userinfo', token: text });
    } else if (token.generation === grant.generation) {
      const by = { client: grant.client, genuine: true } as const;
      ops.set(text, { kind: 'refresh', token: text, by, scopes: undefined, resource: undefined });
    }
  }
  return [...ops.values()];
}
