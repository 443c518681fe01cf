import { hash } from 'node:crypto';
import { type AnyOperation, adminRoute, previews } from '@hufu/protocol/admin/operation';
import { OPERATION_NAMES, type OperationName, operationOf } from '@hufu/protocol/admin/operations';
import type { Store } from '@hufu/store/port';
import { actingAs } from '../audit/acting.ts';
import type { Context } from '../context.ts';
import { Trail } from '../decisions/trail.ts';
import type { HttpReply, HttpRequest } from '../http.ts';
import { admitProven, type ReplyHeaders, telling } from '../limits/admit.ts';
import { json } from '../reply.ts';
import type { Route } from '../route.ts';
import { withNonce } from '../sender/resource-refusal.ts';
import type { AdminCall, Answer, Change, Perform } from './call.ts';
import { doOnce } from './once.ts';
import { PERFORM } from './perform.ts';
import { problemReply } from './problem-reply.ts';
import { type AdminRequest, readRequest } from './read-request.ts';
import { type Caller, requireCaller, requireRecent } from './require-caller.ts';

/** The routes of the admin API: those of the table of operations, and no others. */
export function adminRoutes(ctx: Context): readonly Route[] {
  const byPath = new Map<string, Partial<Record<'GET' | 'POST' | 'PUT' | 'DELETE', Route['methods']['GET']>>>();
  for (const name of OPERATION_NAMES) {
    const operation = operationOf(name);
    const path = adminRoute(operation);
    const methods = byPath.get(path) ?? {};
    byPath.set(path, methods);
    methods[operation.method] = (request: HttpRequest) => callOperation(ctx, name, request);
  }
  return [...byPath].map(([path, methods]): Route => ({ path, methods: dropAbsent(methods), crossOrigin: 'none' }));
}

/** Does one operation, or says why not: with the decision that explains it. */
export async function callOperation<N extends OperationName>(ctx: Context, name: N, request: HttpRequest): Promise<HttpReply> {
  return withNonce(ctx, request, await replyOf(ctx, name, request), 'rs');
}

async function replyOf<N extends OperationName>(ctx: Context, name: N, request: HttpRequest): Promise<HttpReply> {
  const operation = operationOf(name);
  const trail = new Trail();
  let told: ReplyHeaders | undefined;
  try {
    const caller = await requireCaller(ctx, request, operation, trail);
    await admitProven(ctx, request, { client: caller.client.id, token: caller.text }, trail, (headers) => (told = headers));
    trail.at('parameters');
    const read = readRequest(operation, request);
    if (operation.effect === 'dangerous' && !isPreview(operation, read)) requireRecent(caller, trail, Math.floor(request.nowMs / 1000));
    const act = async (): Promise<HttpReply> => reply(operation, await perform(ctx, name, { caller, read, request, trail }));
    const done = read.key === undefined ? await act() : await doOnce(ctx, { name, key: read.key, caller, request }, trail, act);
    return telling(done, told);
  } catch (thrown) {
    return telling(problemReply(ctx, name, operation, request, trail, thrown), told);
  }
}

function isPreview(operation: AnyOperation, { query }: AdminRequest): boolean {
  return previews(operation) && Object(query)['dry_run'] === true;
}

interface Made {
  readonly caller: Caller;
  readonly read: AdminRequest;
  readonly request: HttpRequest;
  readonly trail: Trail;
}

async function perform<N extends OperationName>(ctx: Context, name: N, { caller, read, request, trail }: Made): Promise<Answer<N>> {
  const { params, query, body, tag } = read;
  // The schemas have judged them: `readRequest` answers what the table says of this operation.
  const judged = { params, query, body } as Pick<AdminCall<N>, 'params' | 'query' | 'body'>;
  const act: Perform<N> = PERFORM[name];
  return await act({
    ...judged,
    ctx,
    name,
    caller,
    tag,
    trail,
    now: Math.floor(request.nowMs / 1000),
    nowMs: request.nowMs,
    change: (change, write) => record(ctx, { name, caller, change }, write),
  });
}

/** Who changed what: in the audit log, in the transaction of the change itself (attacks ADM-12), and in the server's log once it has happened. */
async function record<T>(
  ctx: Context,
  { name, caller, change }: { readonly name: OperationName; readonly caller: Caller; readonly change: Change },
  write: (store: Store) => Promise<T>,
): Promise<T> {
  const { kind, id } = change.target;
  const requestId = ctx.random.text(REQUEST_ID_LENGTH);
  const actor =
    caller.user === undefined ? { kind: 'client' as const, id: caller.client.id } : { kind: 'admin' as const, id: caller.user.sub };
  const details = {
    operation: name,
    ...(change.before === undefined ? {} : { before_sha256: digestOf(change.before) }),
    ...(change.after === undefined ? {} : { after_sha256: digestOf(change.after) }),
  };
  const done = await write(actingAs(ctx, { actor, via: caller.client.id, requestId, target: change.target, details }));
  ctx.log.info('admin.changed', { operation: name, by: caller.name, client: caller.client.id, target: kind, id, request: requestId });
  return done;
}

/** What it was before and after is not for the log; whoever has it can compare. */
function digestOf(value: unknown): string {
  return hash('sha256', JSON.stringify(value) ?? '', 'base64url');
}

const REQUEST_ID_LENGTH = 24;

function reply(operation: AnyOperation, { body, etag }: { readonly body: unknown; readonly etag?: string }): HttpReply {
  const headers: Record<string, string> = etag === undefined ? {} : { etag };
  if (operation.reply.status === 204) return { status: 204, headers: { 'cache-control': 'no-store', ...headers }, body: '' };
  return json(operation.reply.status, Object(body), headers);
}

function dropAbsent(methods: Partial<Record<string, Route['methods']['GET']>>): Route['methods'] {
  return Object.fromEntries(Object.entries(methods).filter(([, endpoint]) => endpoint !== undefined));
}
