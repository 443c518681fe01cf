import { operationOf } from '@hufu/protocol/admin/operations';
import { problemReply } from '../admin/problem-reply.ts';
import { requireCaller } from '../admin/require-caller.ts';
import type { Context } from '../context.ts';
import { Trail } from '../decisions/trail.ts';
import type { HttpReply, HttpRequest } from '../http.ts';
import { isLocalRequest } from '../local-request.ts';
import { writeExposition } from '../metrics/exposition.ts';
import { EXPOSITION_TYPE } from '../metrics/exposition-text.ts';
import { withNonce } from '../sender/resource-refusal.ts';

const HEADERS = Object.freeze({ 'content-type': EXPOSITION_TYPE, 'cache-control': 'no-store' });

/**
 * `GET /metrics`: what this process has counted since it started, in Prometheus' text format. For programs on this very machine where nobody else ends TLS for the server, and for whoever has a token
 * of the admin API with `hufu:admin:metrics` (or a role): docs/decisions/0038.
 */
export async function metrics(ctx: Context, request: HttpRequest): Promise<HttpReply> {
  if (request.headers['authorization'] === undefined && !isBehindProxy(ctx) && isLocalRequest(request)) return exposition(ctx);
  const operation = operationOf('metrics.get');
  const trail = new Trail();
  try {
    await requireCaller(ctx, request, operation, trail);
    return withNonce(ctx, request, exposition(ctx), 'rs');
  } catch (thrown) {
    return withNonce(ctx, request, problemReply(ctx, 'metrics.get', operation, request, trail, thrown), 'rs');
  }
}

function exposition(ctx: Context): HttpReply {
  return { status: 200, headers: HEADERS, body: writeExposition(ctx) };
}

/**
 * Somebody else ends TLS for us. Where that is a proxy on this machine which adds nothing to a request and names itself in `Host`, as nginx with a bare `proxy_pass` does, what a stranger sends looks like a
 * program's here.
 */
function isBehindProxy({ config }: Context): boolean {
  return config.issuer.startsWith('https:') && config.tls === undefined;
}
