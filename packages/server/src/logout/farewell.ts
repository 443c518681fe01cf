import { equalText } from '@hufu/protocol/equal-text';
import { isClientId } from '@hufu/protocol/ids';
import type { Context } from '../context.ts';
import type { Told } from './frontchannel.ts';

/**
 * What is left to do in the browser once a session has ended: whom to tell, and where to go on to. Carried by the browser to the page that
 * does it, under our seal and for this browser alone, as a request under way is (docs/decisions/0004).
 */
export interface Farewell {
  /** Milliseconds since 1970. */
  readonly startedMs: number;
  /** The client that asked; '' where nobody did, or nobody knows. */
  readonly clientId: string;
  /** The post-logout redirect URI with its `state`; '' to stay. */
  readonly redirectTo: string;
  readonly told: readonly Told[];
}

/** A page that is opened again later says what is true then. */
export const FAREWELL_SECONDS = 600;
/** Characters; so that the address of the page stays below what servers and browsers take. */
export const MAX_FAREWELL = 7_000;
const MAX_SID = 64;

export function writeFarewell(ctx: Context, farewell: Farewell, browserId: string): string {
  const told = farewell.told.map(({ clientId, sid }) => [clientId, sid]);
  const parts = [farewell.startedMs, farewell.clientId, farewell.redirectTo, told];
  const body = Buffer.from(JSON.stringify(parts)).toString('base64url');
  return `${body}.${seal(ctx, body, browserId)}`;
}

/** Undefined for one whose seal does not hold in this browser, or that is too old. */
export function readFarewell(ctx: Context, text: string, browserId: string, nowMs: number): Farewell | undefined {
  const dot = text.indexOf('.');
  if (dot < 0 || text.length > MAX_FAREWELL) return undefined;
  const body = text.slice(0, dot);
  if (!equalText(text.slice(dot + 1), seal(ctx, body, browserId))) return undefined;
  const parts: unknown = JSON.parse(Buffer.from(body, 'base64url').toString());
  if (!Array.isArray(parts)) return undefined;
  const [startedMs, clientId, redirectTo, told]: unknown[] = parts;
  if (typeof startedMs !== 'number' || typeof clientId !== 'string' || typeof redirectTo !== 'string' || !Array.isArray(told))
    return undefined;
  if (startedMs + FAREWELL_SECONDS * 1000 <= nowMs) return undefined;
  return { startedMs, clientId, redirectTo, told: told.flatMap(readTold) };
}

function readTold(pair: unknown): readonly Told[] {
  if (!Array.isArray(pair)) return [];
  const [clientId, sid]: unknown[] = pair;
  const reads = typeof clientId === 'string' && isClientId(clientId) && typeof sid === 'string' && sid.length <= MAX_SID;
  return reads ? [{ clientId, sid }] : [];
}

function seal(ctx: Context, body: string, browserId: string): string {
  return ctx.keys.keyedHash('farewell', `${browserId}\n${body}`);
}
