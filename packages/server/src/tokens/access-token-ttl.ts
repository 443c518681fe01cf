import type { Client } from '../clients.ts';
import type { ResourceConfig } from '../config/config.ts';

/** Seconds that an access token of the client for that resource lives: as the client has it, or else the resource. */
export function accessTokenTtl({ metadata }: Client, resource: ResourceConfig): number {
  return metadata.settings.accessTokenTtlSeconds ?? resource.tokenTtlSeconds;
}
