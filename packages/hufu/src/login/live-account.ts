import { systemClock } from '@hufu/server/clock';
import { type CommandCall, RefusedError } from '../command.ts';
import { type Account, type Accounts, accountFile, readAccounts, withLock, writeAccounts } from './account-file.ts';
import { namedIssuer } from './named-issuer.ts';

/** A token that ends sooner is renewed: whoever gets it wants to use it. */
const MIN_LEFT_SECONDS = 30;
const RENEWAL_MS = 20_000;

/** The account of an issuer, or the one that was signed in to last. Throws `RefusedError` where there is none. */
export function requireAccount(accounts: Accounts, issuer: string | undefined): Account {
  const wanted = issuer ?? accounts.current;
  const account = accounts.all.find((one) => one.issuer === wanted);
  if (account === undefined)
    throw new RefusedError(
      wanted === undefined ? 'nobody is signed in: hufu login' : `nobody is signed in to ${wanted}: hufu login --issuer ${wanted}`,
    );
  return account;
}

/**
 * The account of `issuer`, or else of `HUFU_ISSUER`, or else the one that was signed in to last, with a token that is good for half a minute at least. One process of this user renews it, the others wait for it and find it done
 * (RFC 6749 §6).
 *
 * @param renewalMs how long that may take
 */
export async function liveAccount(
  call: Pick<CommandCall, 'env'>,
  issuer: string | undefined,
  renewalMs: number = RENEWAL_MS,
): Promise<Account> {
  const file = accountFile(call.env);
  const account = requireAccount(await readAccounts(file), issuer ?? namedIssuer(call.env));
  if (isLive(account)) return account;
  return withLock(file, async () => {
    const accounts = await readAccounts(file);
    const current = requireAccount(accounts, account.issuer);
    if (isLive(current)) return current;
    const renewed = await renew(current, renewalMs);
    if (renewed !== undefined) {
      await writeAccounts(file, replaceAccount(accounts, renewed));
      return renewed;
    }
    await writeAccounts(file, withoutAccount(accounts, current.issuer));
    throw new RefusedError(`the sign-in at ${current.issuer} is over: hufu login`);
  });
}

export function replaceAccount({ current, all }: Accounts, account: Account): Accounts {
  return { current: current ?? account.issuer, all: [...all.filter(({ issuer }) => issuer !== account.issuer), account] };
}

export function withoutAccount({ current, all }: Accounts, issuer: string): Accounts {
  const left = all.filter((one) => one.issuer !== issuer);
  return { current: current === issuer ? left[0]?.issuer : current, all: left };
}

function isLive({ expiresAt }: Account): boolean {
  return expiresAt - MIN_LEFT_SECONDS > Math.floor(systemClock().nowMs() / 1_000);
}

/** Undefined where the server says that it is over. Throws where it says nothing, or something else: then nothing is lost. */
async function renew(account: Account, ms: number): Promise<Account | undefined> {
  if (account.refreshToken === undefined) return undefined;
  // Here, so that a server that starts does not load what renews tokens.
  const { asked, clientAt, toAccount } = await import('./sign-in.ts');
  const { createRenewer } = await import('@hufu/client/renewer');
  const { readTokens } = await import('@hufu/client/tokens');
  const client = clientAt(account.issuer, account.clientId);
  const sentAt = client.nowMs();
  const signal = AbortSignal.timeout(ms);
  try {
    const body = await createRenewer(client).refresh(account.refreshToken, { signal });
    return toAccount(account, readTokens({ body, sentAt }, 'Bearer'), account);
  } catch (error) {
    const { kind, code }: { readonly kind?: unknown; readonly code?: unknown } = Object(error);
    if (kind === 'refused' && code === 'invalid_grant') return undefined;
    if (signal.aborted && error === signal.reason)
      throw new RefusedError(`${account.issuer} does not answer: the sign-in there is kept, try again in a moment`);
    return asked(Promise.reject(error));
  }
}
