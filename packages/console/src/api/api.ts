import { type AdminReply, type AdminTransport, callAdmin, type InputOf, isProblem } from '@hufu/client/admin';
import type { OperationName, ReplyOf } from '@hufu/protocol/admin/operations';
import { hearServerTime } from '../clock.ts';
import { goToSignIn } from './sign-in.ts';

/** The token handler has the token: the page sends its cookie, and a header that no other site can send. */
const TRANSPORT: AdminTransport = {
  base: `${location.origin}/console`,
  credentials: 'same-origin',
  async fetch(url, init) {
    const headers = new Headers(init.headers);
    headers.set('x-csrf', '1');
    const reply = await fetch(url, { ...init, headers });
    hearServerTime(reply.headers.get('date'));
    return reply;
  },
};

/** An operation of the admin API. Where nobody is signed in any more, the page goes to the sign-in and comes back to where it is. */
export async function call<N extends OperationName>(name: N, input: InputOf<N>): Promise<AdminReply<ReplyOf<N>>> {
  try {
    return await callAdmin(TRANSPORT, name, input);
  } catch (error) {
    if (isProblem(error, 'invalid_token')) goToSignIn();
    throw error;
  }
}

/** A key for a request that must not happen twice. */
export function newKey(): string {
  return crypto.randomUUID();
}
