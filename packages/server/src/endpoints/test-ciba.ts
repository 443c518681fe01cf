import { equalText } from '@hufu/protocol/equal-text';
import { readQuery } from '@hufu/protocol/form';
import { readHolder } from '@hufu/protocol/tally';
import type { Context } from '../context.ts';
import type { HttpReply, HttpRequest } from '../http.ts';
import { approve, deny } from '../pending/decide.ts';
import { hashPendingSecret } from '../pending/pending-request.ts';
import { json } from '../reply.ts';

/** As if the user had been there and pressed a button. */
const AMR = ['user'];

/** `POST /test/ciba?auth_req_id=…&action=allow|deny` (mode test alone): the user decides without a page. */
export async function testCiba(ctx: Context, http: HttpRequest): Promise<HttpReply> {
  const query = readQuery(http.query, { repetition: 'listed' });
  const action = query.get('action');
  if (action !== 'allow' && action !== 'deny') return problem(400, 'action is allow or deny');
  const credential = readHolder(ctx.keys.tally, 'backchannel', query.get('auth_req_id') ?? '');
  const pending = credential === undefined ? undefined : await ctx.store.findPending(ctx.tenant, credential.id);
  if (
    credential === undefined ||
    pending?.kind !== 'backchannel' ||
    !equalText(pending.secretHash, hashPendingSecret('backchannel', credential.secret))
  )
    return problem(404, 'no request has this auth_req_id');
  const user = pending.userId === undefined ? undefined : await ctx.store.findUser(ctx.tenant, pending.userId);
  if (user === undefined) return problem(404, 'the user is gone');
  const now = Math.floor(http.nowMs / 1000);
  const decision =
    action === 'allow' ? await approve(ctx, pending, { user, authTime: now, amr: AMR }, now) : await deny(ctx, pending, user, now);
  return decision === 'gone' ? problem(409, 'it is over, or was decided before') : json(200, { decision });
}

function problem(status: number, description: string): HttpReply {
  return json(status, { error: 'invalid_request', error_description: description });
}
