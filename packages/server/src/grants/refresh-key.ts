import { type Confirmation, formatConfirmation } from '@hufu/protocol/confirmation';
import type { Client } from '../clients.ts';

/**
 * The key that a grant's refresh tokens are bound to: that of the instance of an attested client (Attestation-Based Client Authentication §9.3), or the one that a public
 * client proved (RFC 9449 §5, RFC 8705 §4). A client that proves itself otherwise has no need of it,
 * unless it is held to one device (`hufu.devices.binding`).
 */
export function refreshKey({
  client,
  instance,
  confirmation,
}: {
  readonly client: Client;
  readonly instance: Confirmation | undefined;
  readonly confirmation: Confirmation | undefined;
}): string | undefined {
  const key = instance ?? (hasKeys(client) ? confirmation : undefined);
  return key === undefined ? undefined : formatConfirmation(key);
}

/** Whether grants of a client have the key that it proves. */
export function hasKeys({ confidential, metadata }: Pick<Client, 'confidential' | 'metadata'>): boolean {
  return !confidential || metadata.settings.devices.binding !== 'none';
}
