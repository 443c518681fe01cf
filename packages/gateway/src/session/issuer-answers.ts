import type { Client } from '@hufu/client/client';
import { deadline, until } from '@hufu/client/clock';
import { discover } from '@hufu/client/server-metadata';
import type { TokenHandler } from './token-handler.ts';

/** How long an answer is news. */
const FRESH_MS = 5_000;
const PATIENCE_MS = 3_000;

interface Heard {
  /** Of the clock that never goes back. */
  atMs: number;
  asking: Promise<boolean> | undefined;
}

const heard = new WeakMap<Client, Heard>();

/**
 * Whether the issuer answers now (OpenID Connect Discovery §4): a browser that is sent to one that does not is lost there, without a word of ours. Asked once for however
 * many sign-ins begin together, and not again for five seconds after an answer.
 */
export async function issuerAnswers({ client, clock }: TokenHandler): Promise<boolean> {
  const known = heard.get(client) ?? { atMs: Number.NEGATIVE_INFINITY, asking: undefined };
  heard.set(client, known);
  if (clock.progressMs() - known.atMs < FRESH_MS) return true;
  known.asking ??= ask().finally(() => {
    known.asking = undefined;
  });
  return known.asking;

  async function ask(): Promise<boolean> {
    const limit = deadline(clock, PATIENCE_MS);
    try {
      await until(discover(client.fetch, client.issuer), limit.signal);
      known.atMs = clock.progressMs();
      return true;
    } catch {
      return false;
    } finally {
      limit.clear();
    }
  }
}
