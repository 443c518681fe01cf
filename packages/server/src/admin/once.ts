import type { OperationName } from '@hufu/protocol/admin/operations';
import { OAuthError } from '@hufu/protocol/errors';
import type { Context } from '../context.ts';
import type { Trail } from '../decisions/trail.ts';
import type { HttpReply, HttpRequest } from '../http.ts';
import { sha256 } from '../tokens/secrets.ts';
import { AdminRefusal } from './refusal.ts';
import type { Caller } from './require-caller.ts';

const KEPT_SECONDS = 86_400;

/** Where a request with an `Idempotency-Key` comes from. */
export interface Sent {
  readonly name: OperationName;
  readonly key: string;
  readonly caller: Caller;
  readonly request: HttpRequest;
}

/**
 * Does `act` once for a key of a caller's: the same request again gets the same reply, for a day, with the secrets in it. Another request under the key is 422. What
 * began and was never heard of again stays 409: nobody knows whether it happened, and twice is worse than not at all.
 */
export async function doOnce(
  ctx: Context,
  { name, key, caller, request }: Sent,
  trail: Trail,
  act: () => Promise<HttpReply>,
): Promise<HttpReply> {
  trail.at('admin_once');
  const now = Math.floor(request.nowMs / 1000);
  const id = ctx.keys.keyedHash('idempotency_key', `${caller.name}\n${name}\n${key}`);
  const digest = sha256(`${request.path}\n${request.query}\n${request.body}`);
  const context = `kept_reply ${ctx.tenant} ${id}`;
  const begun = await ctx.store.beginReply(ctx.tenant, id, digest, now + KEPT_SECONDS, now);
  switch (begun.kind) {
    case 'other':
      throw new AdminRefusal('idempotency_mismatch', 'the Idempotency-Key came with another request');
    case 'running':
      throw new AdminRefusal('still_running', 'a request with this Idempotency-Key has begun, and nothing is known of its end', {
        detail: `it began at ${begun.at}`,
      });
    case 'kept': {
      // What we sealed ourselves.
      const kept = JSON.parse(ctx.keys.openSecret(begun.reply, context)) as HttpReply;
      return { ...kept, headers: { ...kept.headers, 'idempotency-replayed': 'true' } };
    }
    case 'begun':
  }
  try {
    const reply = await act();
    await ctx.store.keepReply(ctx.tenant, id, ctx.keys.sealSecret(JSON.stringify(reply), context));
    return reply;
  } catch (error) {
    // It was refused before anything happened.
    if (error instanceof AdminRefusal || (error instanceof OAuthError && error.status < 500))
      await ctx.store.keepReply(ctx.tenant, id, undefined);
    throw error;
  }
}
