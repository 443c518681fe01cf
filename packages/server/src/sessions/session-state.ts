import type { ReturnAddress } from '../authorize/authorization-request.ts';
import type { Context } from '../context.ts';
import type { BrowserSession } from './browser-session.ts';

/** STAND-IN until part E: `session_state` of an authentication response (OpenID Connect Session Management §3). */
export function sessionState(_ctx: Context, _address: ReturnAddress, _session: BrowserSession): string | undefined {
  return undefined;
}
