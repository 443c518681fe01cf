import { allUntyped, callUntyped, LIST_NAMES, MOST_ITEMS, type UntypedInput } from '@hufu/client/admin';
import { type AnyOperation, type Effect, previews } from '@hufu/protocol/admin/operation';
import { type OperationName, operationOf } from '@hufu/protocol/admin/operations';
import { systemClock } from '@hufu/server/clock';
import { type CommandCall, type ExitCode, RefusedError, UsageError } from '../command.ts';
import { type Ask, askAtTerminal, tellEffect } from './ask-first.ts';
import { commandName } from './command-words.ts';
import { explainRefusal } from './explain-refusal.ts';
import { findSub } from './find-user.ts';
import { type Reach, reachAdmin } from './reach.ts';
import { type AdminWords, freeMember, propertiesOf, readAdminWords } from './read-words.ts';
import { showReply } from './show-reply.ts';

/** Does an operation of the admin API as a command: reads its words, asks before what is dangerous, shows what came of it. */
export async function runOperation(call: CommandCall, name: OperationName): Promise<ExitCode> {
  const operation = operationOf(name);
  const ask = askAtTerminal(call, previews(operation) ? '--dry-run' : undefined);
  const words = await readAdminWords(operation, call.args, { nowMs: systemClock().nowMs, stdin: process.stdin });
  if (words.all && !LIST_NAMES.has(name)) throw new UsageError('--all is for lists that have pages');
  if (words.dryRun && !previews(operation)) throw new UsageError('--dry-run is for what ends access: this does not tell beforehand');
  const reach = await reachAdmin(call, words.issuer);
  if (words.issuer === undefined && reach.isAccount) call.err(`at ${reach.issuer}, where you are signed in`);
  try {
    return await run(call, { name, operation, words, reach, ask });
  } catch (error) {
    throw explainRefusal(error, reach);
  }
}

interface Run {
  readonly name: OperationName;
  readonly operation: AnyOperation;
  readonly words: AdminWords;
  readonly reach: Reach;
  readonly ask: Ask;
}

async function run(call: CommandCall, { name, operation, words, reach: { transport }, ask }: Run): Promise<ExitCode> {
  const { params, query } = await withSubs(transport, name, words);
  const there = await readFirst(transport, { name, operation, words }, params);
  const input: UntypedInput = {
    params,
    query,
    body: operation.body === undefined ? undefined : bodyOf(operation, words, there?.body),
    ifMatch: words.ifMatch ?? there?.etag,
    idempotencyKey: words.idempotencyKey,
  };
  if (words.all) {
    const items: unknown[] = [];
    const found = allUntyped(transport, name, input);
    for (;;) {
      const { done, value } = await found.next();
      if (done !== true) items.push(value);
      else {
        show(call, operation, words, { items, next: value });
        if (value !== null) call.err(`There are more than ${MOST_ITEMS}: go on with --cursor ${value}`);
        return 0;
      }
    }
  }
  if (words.dryRun) {
    const { body } = await callUntyped(transport, name, { ...input, query: { ...query, dry_run: true } });
    show(call, operation, words, body);
    return 0;
  }
  if (operation.effect === 'dangerous' && !words.yes) {
    const question = await questionOf(transport, { name, operation, params: words.params }, input);
    if (!(await ask(question))) throw new RefusedError('nothing was done');
  }
  const { body } = await callUntyped(transport, name, input);
  show(call, operation, words, body);
  const { next }: { readonly next?: unknown } = Object(body);
  if (typeof next === 'string' && !words.json) call.err(`There are more: --all, or --cursor ${next}`);
  return 0;
}

type Transport = Reach['transport'];

/** People are named by their names: wherever the table wants a subject. */
async function withSubs(
  transport: Transport,
  name: OperationName,
  { params, query }: AdminWords,
): Promise<Pick<AdminWords, 'params' | 'query'>> {
  const { sub } = params;
  if (sub !== undefined) return { params: { ...params, sub: await findSub(transport, sub) }, query };
  const { user } = query;
  return name === 'grants.list' && typeof user === 'string'
    ? { params, query: { ...query, user: await findSub(transport, user) } }
    : { params, query };
}

/** What is to be changed, where it has to be looked at before: for its tag, and for what it keeps. */
async function readFirst(
  transport: Transport,
  { name, operation, words }: Pick<Run, 'name' | 'operation' | 'words'>,
  params: Readonly<Record<string, string>>,
): Promise<{ readonly body: unknown; readonly etag: string | undefined } | undefined> {
  if (operation.match !== 'required' || (words.ifMatch !== undefined && words.fields === undefined)) return undefined;
  const reader = name.startsWith('clients.') ? 'clients.get' : name.startsWith('webhooks.') ? 'webhooks.get' : 'users.get';
  return callUntyped(transport, reader, { params });
}

/** What is sent: the whole of `--body`, or what is there with the members that were named. */
function bodyOf(operation: AnyOperation, { body, fields, unset }: AdminWords, there: unknown): unknown {
  const free = freeMember(operation);
  if (body !== undefined) {
    // Metadata by itself is what people have in a file.
    const required: unknown = operation.body?.['required'];
    const isBare = free !== undefined && Array.isArray(required) && required.includes(free) && !Object.hasOwn(Object(body), free);
    return isBare ? { [free]: body } : body;
  }
  if (free === undefined) return { ...(operation.match === 'required' ? membersOf(operation, there) : {}), ...fields };
  if (free === '') throw new UsageError('a rule is needed, as JSON or --body @file.json');
  const named: Readonly<Record<string, unknown>> = fields ?? {};
  if (operation.match !== 'required') return named;
  if (fields === undefined && unset.length === 0)
    throw new UsageError('say what changes: --name value, --unset name, or --body @file.json for all of it');
  const kept: Readonly<Record<string, unknown>> = Object(there)[free];
  const merged = merge(kept, Object(named[free]));
  for (const name of unset) {
    if (!Object.hasOwn(merged, name)) throw new UsageError(`there is no ${name} to unset`);
    delete merged[name];
  }
  return { ...named, [free]: merged };
}

/** What there is of what is replaced as a whole. */
function membersOf({ body }: AnyOperation, there: unknown): Readonly<Record<string, unknown>> {
  const kept: Readonly<Record<string, unknown>> = Object(there);
  return Object.fromEntries(
    Object.keys(propertiesOf(body))
      .filter((name) => Object.hasOwn(kept, name))
      .map((name) => [name, kept[name]]),
  );
}

/** Objects in objects (`hufu`) are merged; everything else is replaced. */
function merge(kept: Readonly<Record<string, unknown>>, named: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const merged: Record<string, unknown> = { ...kept };
  for (const [name, value] of Object.entries(named)) {
    const before = merged[name];
    merged[name] = isObject(before) && isObject(value) ? merge(before, value) : value;
  }
  return merged;
}

async function questionOf(
  transport: Transport,
  { name, operation, params }: Pick<Run, 'name' | 'operation'> & { readonly params: Readonly<Record<string, string>> },
  input: UntypedInput,
): Promise<string> {
  const about = Object.values(params).join(' ');
  const what = `hufu ${commandName(name)}${about === '' ? '' : ` ${about}`}: ${operation.summary}`;
  if (!previews(operation)) return what;
  const { body } = await callUntyped(transport, name, { ...input, query: { ...Object(input.query), dry_run: true } });
  // What ends is all that is told, or stands beside what there will be.
  const effect = isEffect(body) ? body : Object(body)['effect'];
  return isEffect(effect) ? `${what}\n${tellEffect(effect)} would end.` : what;
}

function show(call: CommandCall, operation: AnyOperation, { json }: AdminWords, body: unknown): void {
  if (json) call.out(JSON.stringify(body ?? { done: true }));
  else call.out(showReply(operation, body));
}

function isEffect(body: unknown): body is Effect {
  return typeof Object(body)['grants'] === 'number';
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
