import type { Client } from '../clients.ts';
import type { Context } from '../context.ts';

/** STAND-IN until part C: the secrets of a client that must be readable, unexpired, newest first. */
export function readableSecrets(_ctx: Context, _client: Client, _now: number): readonly string[] {
  return [];
}
