import type { CustomFetch } from 'openid-client';
import type { Context } from '../context.ts';
import { callUpstream } from './call.ts';
import { UpstreamRefused } from './upstream-refused.ts';

/** `fetch` for `openid-client`, by our own outbound requests: no address of our own network, no redirects, nothing endless. */
export function guardedFetch(ctx: Context): CustomFetch {
  return async (url, { method, headers, body }) => {
    if (method !== 'GET' && method !== 'POST') throw new UpstreamRefused('failed', `the library wants to ${method}`);
    const lower = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
    const text = body instanceof URLSearchParams ? body.toString() : body;
    if (text !== undefined && text !== null && typeof text !== 'string')
      throw new UpstreamRefused('failed', 'the library sends something that is no text');
    const reply = await callUpstream(ctx, url, { method, headers: lower, ...(typeof text === 'string' ? { body: text } : {}) });
    // A status that may have no body may have none in a Response either.
    const bodiless = reply.status === 204 || reply.status === 205 || reply.status === 304;
    return new Response(bodiless ? null : new Uint8Array(reply.body), {
      status: reply.status,
      headers: reply.contentType === '' ? {} : { 'content-type': reply.contentType },
    });
  };
}
