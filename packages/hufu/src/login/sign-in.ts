import { type Client, createClient } from '@hufu/client/client';
import { ClientError } from '@hufu/client/client-error';
import { printable } from '@hufu/client/printable';
import type { Tokens } from '@hufu/client/tokens';
import { systemClock } from '@hufu/server/clock';
import { RefusedError, UsageError } from '../command.ts';
import type { Account } from './account-file.ts';

/**
 * The client that the commands are at an issuer. What it gets is bound to no key: `hufu token` prints tokens for programs that have none.
 * Throws `UsageError` for an issuer that is none.
 */
export function clientAt(issuer: string, clientId: string, nowMs: () => number = systemClock().nowMs): Client {
  try {
    return createClient({ issuer, clientId, dpop: 'never', nowMs });
  } catch (error) {
    throw error instanceof TypeError ? new UsageError(error.message) : error;
  }
}

/** Runs something of the SDK; what fails there is told as the commands tell it, by `RefusedError`. */
export async function asked<T>(act: Promise<T>): Promise<T> {
  try {
    return await act;
  } catch (error) {
    throw error instanceof ClientError ? new RefusedError(tell(error)) : error;
  }
}

/** What is kept of tokens. */
export function toAccount({ issuer, clientId }: Pick<Account, 'issuer' | 'clientId'>, tokens: Tokens, before?: Account): Account {
  const { accessToken, sentAt, expiresIn = 0, refreshToken = before?.refreshToken, scope } = tokens;
  return {
    issuer,
    clientId,
    accessToken,
    tokenType: 'Bearer',
    expiresAt: Math.floor(sentAt / 1_000) + expiresIn,
    refreshToken,
    scope: printable(scope, 2_048) ?? before?.scope ?? '',
  };
}

function tell({ code, message, cause }: ClientError): string {
  if (code === 'access_denied') return 'it was denied';
  const why = cause instanceof Error && cause.cause instanceof Error ? cause.cause.message : '';
  return why === '' ? message : `${message}: ${printable(why, 300)}`;
}
