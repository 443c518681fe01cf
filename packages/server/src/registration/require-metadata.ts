import { type ClientMetadata, refuseRegistration } from '@hufu/protocol/client-metadata';
import type { Context } from '../context.ts';
import type { Trail } from '../decisions/trail.ts';
import { readStranger } from './read-stranger.ts';
import { requireSector } from './sector-identifier.ts';
import { withStatement } from './software-statement.ts';

/**
 * The metadata of a registration or of its replacement (RFC 7591 §3.1, RFC 7592 §2.2), judged, its software statement heard and its sector asked. Throws the error of
 * RFC 7591 §3.2.2 that says what is wrong with it.
 */
export async function requireMetadata(
  ctx: Context,
  body: Readonly<Record<string, unknown>>,
  trail: Trail,
  now: number,
): Promise<ClientMetadata> {
  const input = await withStatement(ctx, body, trail, now);
  trail.at('client_metadata');
  const reading = readStranger(ctx, input);
  if (reading.kind === 'refused') throw refuseRegistration(reading.faults);
  if (reading.metadata.sectorIdentifierUri !== undefined) trail.at('sector_identifier');
  await requireSector(ctx, reading.metadata);
  return reading.metadata;
}
