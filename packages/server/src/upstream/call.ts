import type { Context } from '../context.ts';
import { OutboundRefused, type OutboundReply, type OutboundRequest, requestOutbound } from '../outbound/fetch-outbound.ts';
import { UpstreamRefused } from './upstream-refused.ts';

/** Bytes of an answer. */
const MAX_BYTES = 262_144;
/** For each request; a browser waits. */
const TIMEOUT_MS = 8_000;

/** A request to an upstream, through the guard that all our own requests pass. Throws `UpstreamRefused`. */
export async function callUpstream(ctx: Context, url: string, request: OutboundRequest): Promise<OutboundReply> {
  let reply: OutboundReply;
  try {
    reply = await requestOutbound(url, request, {
      maxBytes: MAX_BYTES,
      timeoutMs: TIMEOUT_MS,
      allow: ctx.config.policies.outboundAllowHosts,
    });
  } catch (error) {
    if (!(error instanceof OutboundRefused)) throw error;
    ctx.log.warn('outbound.refused', { purpose: 'upstream', reason: error.message.slice(0, 200) });
    throw new UpstreamRefused('unavailable', `${hostOf(url)}: ${error.message}`, { cause: error });
  }
  if (reply.status >= 500 || reply.status === 429) throw new UpstreamRefused('unavailable', `${hostOf(url)} answered ${reply.status}`);
  return reply;
}

/** The same for an answer that is a JSON object, whatever its type says. A refusal is told by its status alone. */
export async function callForJson(ctx: Context, url: string, request: OutboundRequest): Promise<Readonly<Record<string, unknown>>> {
  const reply = await callUpstream(ctx, url, request);
  if (reply.status !== 200) throw new UpstreamRefused('failed', `${hostOf(url)} answered ${reply.status}`);
  return requireObject(readJson(reply.body.toString(), url), url);
}

/** Throws `UpstreamRefused` for what is no JSON. */
export function readJson(text: string, url: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new UpstreamRefused('failed', `${hostOf(url)} answered something that is no JSON`);
  }
}

/** Throws `UpstreamRefused` for what is no object. */
export function requireObject(value: unknown, url: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new UpstreamRefused('failed', `${hostOf(url)} answered JSON that is no object`);
  return Object.fromEntries(Object.entries(value));
}

/** A text member of an answer. Throws `UpstreamRefused` where it is not there. */
export function requireText(answer: Readonly<Record<string, unknown>>, name: string): string {
  const value = Object.hasOwn(answer, name) ? answer[name] : undefined;
  if (typeof value !== 'string' || value === '' || value.length > 8_192) throw new UpstreamRefused('failed', `its answer has no ${name}`);
  return value;
}

function hostOf(url: string): string {
  return URL.parse(url)?.host ?? '';
}
