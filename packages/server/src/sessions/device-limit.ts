import type { DeviceLimit } from '@hufu/store/port';
import type { Client } from '../clients.ts';

/** On how many devices of a user a client may be used, as the store counts them; undefined for any number. */
export function deviceLimit({ metadata }: Pick<Client, 'metadata'>): DeviceLimit | undefined {
  const { max, per, onExceed } = metadata.settings.devices;
  return max === undefined ? undefined : { max, per, onExceed };
}
