import type { LimitOperations } from '@hufu/protocol/admin/limits';
import type { Json } from '../../config/node.ts';
import { isLimitName } from '../../config/read-limit.ts';
import type { Context } from '../../context.ts';
import { describeLimits } from '../../limits/describe-limits.ts';
import { edgeNameOf } from '../../limits/edge-limits.ts';
import { resetLimit, setLimit } from '../../limits/set-limit.ts';
import type { Answer, Perform } from '../call.ts';
import { AdminRefusal, invalid, notFound } from '../refusal.ts';

export const LIMITS: { readonly [N in keyof LimitOperations]: Perform<N> } = {
  'limits.list': async ({ ctx }) => {
    const { version, limits } = await describeLimits(ctx);
    return { body: { version, limits }, etag: etagOf(version) };
  },

  'limits.get': ({ ctx, params }) => show(ctx, params.name),

  'limits.put': async (call) => {
    const { ctx, params, caller, nowMs } = call;
    const { name } = params;
    const version = readVersion(call.tag);
    // What came as JSON is JSON.
    const rule = call.body as Json;
    const set = await call.change({ target: { kind: 'limit', id: name }, after: call.body }, (store) =>
      setLimit(ctx, name, rule, { by: caller.name, version, nowMs, store }),
    );
    if (set.kind === 'refused') throw new AdminRefusal('invalid_request', set.reason, { errors: [{ pointer: '', detail: set.reason }] });
    if (set.kind === 'full') throw new AdminRefusal('invalid_request', 'there are as many limits as there may be');
    if (set.kind === 'changed') throw changed(set.version);
    return await show(ctx, name);
  },

  'limits.reset': async (call) => {
    const { ctx, params, caller } = call;
    const version = readVersion(call.tag);
    const reset = await call.change({ target: { kind: 'limit', id: params.name } }, (store) =>
      resetLimit(ctx, params.name, { by: caller.name, version, store }),
    );
    if (reset.kind === 'changed') throw changed(reset.version);
    if (reset.kind === 'unknown') throw new AdminRefusal('not_found', 'nothing was set under this name');
    return { body: undefined, etag: etagOf(reset.version) };
  },
};

async function show(ctx: Context, name: string): Promise<Answer<'limits.get'> & Answer<'limits.put'>> {
  const { version, limits } = await describeLimits(ctx);
  const found = isLimitName(edgeNameOf(name) ?? name) ? limits.find((limit) => limit.name === name) : undefined;
  if (found === undefined) throw notFound('limit');
  return { body: found, etag: etagOf(version) };
}

/** RFC 9110 §15.5.13. */
function changed(version: number): AdminRefusal {
  return new AdminRefusal('precondition_failed', 'the limits have changed since: read them again', {
    headers: { etag: etagOf(version) },
    version,
  });
}

function etagOf(version: number): string {
  return `"${version}"`;
}

/** Without a tag, whatever there is. */
function readVersion(tag: string | undefined): number | undefined {
  if (tag === undefined) return undefined;
  const version = /^"(0|[1-9][0-9]{0,14})"$/.exec(tag)?.[1];
  if (version === undefined) throw invalid([{ pointer: 'header/If-Match', detail: 'is not the ETag of an answer about limits' }]);
  return Number(version);
}
