import type { KeyObject } from 'node:crypto';
import type { Client } from '../clients.ts';
import type { Context } from '../context.ts';

/** STAND-IN until part C: the key of a client that something is encrypted to. */
export function findEncryptionKey(
  _ctx: Context,
  _client: Client,
  _alg: string,
  _now: number,
): Promise<{ readonly key: KeyObject; readonly kid: string | undefined } | undefined> {
  return Promise.resolve(undefined);
}
