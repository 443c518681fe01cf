import { createHash } from 'node:crypto';
import type { EdgeSecret } from '@hufu/gateway/session/edge-keys';
import type { GatewayConfig } from '@hufu/server/config/gateway-config';
import type { Context } from '@hufu/server/context';
import { RefusedError } from '../command.ts';

/**
 * What the keys of an edge are made of, the newest first. The server's is the last: whoever gives the edge a secret of its own later ends no session by it.
 *
 * @param server undefined: the gateway is alone.
 * @throws RefusedError where there is none
 */
export function edgeSecrets({ secrets, name }: GatewayConfig, server: Context | undefined): readonly EdgeSecret[] {
  const texts = secrets.map((secret) => secret.reveal());
  if (server !== undefined) texts.push(server.keys.keyedHash('edge', name));
  if (texts.length === 0) throw new RefusedError('gateway.secret: is needed where the gateway runs alone, the same at all its gateways');
  return texts.map((text) => ({
    kid: createHash('sha256').update(`kid ${text}`).digest('base64url').slice(0, 8),
    secret: Buffer.from(text),
  }));
}
