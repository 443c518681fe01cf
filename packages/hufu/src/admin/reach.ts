import type { AdminTransport } from '@hufu/client/admin';
import { type CommandCall, RefusedError, UsageError } from '../command.ts';
import { accountFile, readAccounts } from '../login/account-file.ts';
import { liveAccount, requireAccount } from '../login/live-account.ts';
import { namedIssuer } from '../login/named-issuer.ts';

/** The admin API, and as whom it is called. */
export interface Reach {
  readonly issuer: string;
  readonly transport: AdminTransport;
  /** Whether it is the account of `hufu login`: else a token of the environment. */
  readonly isAccount: boolean;
}

/** The beginning of every scope of the admin API. */
const ADMIN_SCOPE = 'hufu:admin:';

/**
 * How the admin API is reached at `issuer`, or else at `HUFU_ISSUER`: with the token of `HUFU_TOKEN` (a program's), or else with the account there; where neither names a server, with the account that
 * was signed in to last. Throws `RefusedError` where nobody is signed in, or not for administration.
 */
export async function reachAdmin(call: Pick<CommandCall, 'env'>, issuer: string | undefined): Promise<Reach> {
  const given = call.env['HUFU_TOKEN'];
  const at = issuer ?? namedIssuer(call.env);
  if (given !== undefined && given !== '') {
    if (at === undefined) throw new UsageError('HUFU_TOKEN is a token for some server: say which one with --issuer, or HUFU_ISSUER');
    return { issuer: requireAddress(at), transport: transportOf(at, () => Promise.resolve(given)), isAccount: false };
  }
  const account = requireAccount(await readAccounts(accountFile(call.env)), at);
  if (!isForAdministration(account))
    throw new RefusedError(
      `the sign-in at ${account.issuer} is not for administration: hufu login --issuer ${account.issuer} --admin owner (or read, support, security)`,
    );
  // Each request has a token that is still good: a long list takes longer than one lives.
  const token = async (): Promise<string> => (await liveAccount(call, account.issuer)).accessToken;
  return { issuer: account.issuer, transport: transportOf(requireAddress(account.issuer), token), isAccount: true };
}

/** Whether somebody could call the admin API without being asked for anything: then a command that names no configuration means it. */
export async function mayReachAdmin(call: Pick<CommandCall, 'env'>): Promise<boolean> {
  if ((call.env['HUFU_TOKEN'] ?? '') !== '') return true;
  const { current, all } = await readAccounts(accountFile(call.env));
  const wanted = namedIssuer(call.env) ?? current;
  const account = all.find((one) => one.issuer === wanted);
  return account !== undefined && isForAdministration(account);
}

function transportOf(issuer: string, token: () => Promise<string>): AdminTransport {
  return { base: issuer, fetch: (url, init) => fetch(url, init), token };
}

function isForAdministration({ scope }: { readonly scope: string }): boolean {
  return scope.split(' ').some((one) => one.startsWith(ADMIN_SCOPE));
}

/** A token is shown to nobody on the way: https, or this machine. */
function requireAddress(issuer: string): string {
  const url = URL.parse(issuer);
  const isHere = url !== null && ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname);
  if (url === null || !(url.protocol === 'https:' || (url.protocol === 'http:' && isHere)))
    throw new UsageError(`${issuer.slice(0, 200)} is no https address`);
  return issuer;
}
