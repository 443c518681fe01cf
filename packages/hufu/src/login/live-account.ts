import { systemClock } from '@hufu/server/clock';
import { type CommandCall, RefusedError } from '../command.ts';
import { type Account, type Accounts, accountFile, readAccounts, withLock, writeAccounts } from './account-file.ts';
import { readTokens } from './device-login.ts';
import { discover, explain, postForm } from './issuer.ts';

/** A token that ends sooner is renewed: whoever gets it wants to use it. */
const MIN_LEFT_SECONDS = 30;

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
 * The account with a token that is good for half a minute at least. One process of this user renews it, the others wait for it and find it done
 * (RFC 6749 §6).
 */
export async function liveAccount(call: Pick<CommandCall, 'env'>, issuer: string | undefined): Promise<Account> {
  const file = accountFile(call.env);
  const account = requireAccount(await readAccounts(file), issuer);
  if (isLive(account)) return account;
  return withLock(file, async () => {
    const accounts = await readAccounts(file);
    const current = requireAccount(accounts, account.issuer);
    if (isLive(current)) return current;
    const renewed = await renew(current);
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
async function renew(account: Account): Promise<Account | undefined> {
  if (account.refreshToken === undefined) return undefined;
  const { tokenEndpoint } = await discover(account.issuer);
  const reply = await postForm(tokenEndpoint, {
    grant_type: 'refresh_token',
    client_id: account.clientId,
    refresh_token: account.refreshToken,
  });
  if (reply.status === 200) return readTokens(account.issuer, account.clientId, reply.body, systemClock().nowMs(), account);
  if (reply.body['error'] === 'invalid_grant') return undefined;
  throw new RefusedError(`${account.issuer} does not renew the token: ${explain(reply)}`);
}
