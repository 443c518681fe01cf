import { OAuthError } from '@hufu/protocol/errors';
import type { Context } from '../context.ts';
import { Trail } from '../decisions/trail.ts';
import type { HttpReply, HttpRequest } from '../http.ts';
import { refusal } from '../reply.ts';
import { readList } from '../status/place.ts';
import { LIST_TTL_SECONDS, type ListForm } from '../status/sign-list.ts';
import type { StatusLists } from '../status/status-lists.ts';

/**
 * A status list (Token Status List §8): public, as a JWT, or as a CWT for whoever asks for that. Whoever keeps it asks again once its `ttl` is over; nobody
 * in between keeps it longer.
 *
 * @param name the last part of the path
 */
export async function statusList(ctx: Context, lists: StatusLists, http: HttpRequest, name: string): Promise<HttpReply> {
  const trail = new Trail();
  trail.at('route');
  try {
    // Token Status List §8.4: what was true at another time is not told.
    if (new URLSearchParams(http.query).has('time')) throw new OAuthError('invalid_request', 'only the present is told', { status: 501 });
    const list = readList(name);
    const form = formOf(http);
    const found = list === undefined ? undefined : await lists.find(list, form);
    if (found === undefined) throw new OAuthError('invalid_request', 'there is no such status list', { status: 404 });
    const { body, etag, issuedAt } = found;
    const left = Math.min(LIST_TTL_SECONDS, issuedAt + LIST_TTL_SECONDS - Math.floor(http.nowMs / 1000));
    const headers = { 'content-type': TYPES[form], 'cache-control': `public, max-age=${Math.max(0, left)}`, etag, vary: 'Accept' };
    return { status: 200, headers, body };
  } catch (error) {
    return refusal(ctx, 'status_list', http, trail, error);
  }
}

const TYPES: Readonly<Record<ListForm, string>> = { jwt: 'application/statuslist+jwt', cwt: 'application/statuslist+cwt' };

/** RFC 9110 §12.5.1: a CWT where that is named, and the JWT is not or counts less. */
function formOf({ headers }: HttpRequest): ListForm {
  const accept = typeof headers.accept === 'string' ? headers.accept.toLowerCase() : '';
  const ranges = accept.split(',', MAX_RANGES).map((range) => range.split(';').map((part) => part.trim()));
  const weightOf = (type: string): number => {
    const range = ranges.find(([name]) => name === type);
    const weight = range?.find((part) => part.startsWith('q='))?.slice(2);
    return range === undefined ? 0 : weight === undefined ? 1 : Number(weight);
  };
  return weightOf(TYPES.cwt) > weightOf(TYPES.jwt) ? 'cwt' : 'jwt';
}

const MAX_RANGES = 20;
