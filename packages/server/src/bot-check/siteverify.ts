import type { Context } from '../context.ts';
import type { HttpRequest } from '../http.ts';
import { postOutbound } from '../outbound/fetch-outbound.ts';
import type { BotProblem } from './provider.ts';

/** Longer ones are none that a widget made. */
const MAX_RESPONSE = 4_096;
const TIMEOUT_MS = 5_000;
const MAX_BYTES = 16_384;

/**
 * Asks the service of a widget whether it let this answer through, for this very host: what somebody solved elsewhere is worth nothing here. A service that cannot be reached lets nobody through.
 */
export async function siteverify(
  ctx: Context,
  http: HttpRequest,
  url: string,
  secret: string,
  response: string,
): Promise<BotProblem | undefined> {
  if (response === '' || response.length > MAX_RESPONSE) return { kind: 'missing' };
  const form = new URLSearchParams({ secret, response, remoteip: http.address }).toString();
  try {
    const reply = await postOutbound(url, form, {
      timeoutMs: TIMEOUT_MS,
      maxBytes: MAX_BYTES,
      allow: ctx.config.policies.outboundAllowHosts,
    });
    if (reply.status !== 200) throw new TypeError(`it answered ${reply.status}`);
    const answer: unknown = JSON.parse(reply.body.toString());
    if (typeof answer !== 'object' || answer === null) throw new TypeError('it answered no object');
    const isOurs = 'hostname' in answer && answer.hostname === new URL(ctx.issuer).hostname;
    return 'success' in answer && answer.success === true && isOurs ? undefined : { kind: 'missing' };
  } catch (error) {
    ctx.log.warn('bot_check.unreachable', { host: new URL(url).host, reason: error instanceof Error ? error.message : '' });
    return { kind: 'away' };
  }
}
