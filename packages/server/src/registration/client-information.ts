import { type ClientMetadata, type ClientMetadataWire, writeClientMetadata } from '@hufu/protocol/client-metadata';
import type { ClientRecord } from '@hufu/store/port';
import type { Context } from '../context.ts';

/** Metadata as the store keeps it of clients that registered themselves: our own settings are no part of it, and so are the server's. */
export function storedMetadata(metadata: ClientMetadata): Readonly<Record<string, unknown>> {
  const { hufu: _, ...wire }: ClientMetadataWire = writeClientMetadata(metadata);
  return wire;
}

/** What only the answer that brings it knows. */
export interface ClientCredentials {
  /** As the client has it: the one it came with, or the one it gets. */
  readonly registrationToken: string;
  /** Undefined where none is issued now: a secret is shown once (attacks REG-06). */
  readonly secret: string | undefined;
}

/** The client information response (RFC 7591 §3.2.1, RFC 7592 §3): everything that is registered. */
export function clientInformation(ctx: Context, record: ClientRecord, { registrationToken, secret }: ClientCredentials): object {
  const id = record.clientId;
  return {
    client_id: id,
    ...(secret === undefined ? {} : { client_secret: secret, client_secret_expires_at: 0 }),
    client_id_issued_at: record.createdAt,
    registration_access_token: registrationToken,
    registration_client_uri: `${ctx.issuer}/oauth/register/${id}`,
    ...record.metadata,
  };
}
