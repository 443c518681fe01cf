import { type Command, RefusedError } from '../command.ts';
import { accountFile, readAccounts, withLock, writeAccounts } from '../login/account-file.ts';
import { readAccountWords } from '../login/account-words.ts';
import { requireAccount, withoutAccount } from '../login/live-account.ts';
import { namedIssuer } from '../login/named-issuer.ts';

/** Forgets the tokens here, and has them revoked there (RFC 7009 §2.1): the whole grant dies. */
export const logout: Command = {
  name: 'logout',
  summary: 'signs you out: revokes the tokens and forgets them',
  usage: 'hufu logout [--issuer https://id.example] [--json]',
  async run(call) {
    const { json, issuer } = readAccountWords(call.args);
    const file = accountFile(call.env);
    const account = await withLock(file, async () => {
      const accounts = await readAccounts(file);
      const found = requireAccount(accounts, issuer ?? namedIssuer(call.env));
      // First here: whatever the server says, this machine has no tokens any more.
      await writeAccounts(file, withoutAccount(accounts, found.issuer));
      return found;
    });
    const failure = await revoke(account.issuer, account.clientId, account.refreshToken ?? account.accessToken);
    if (failure !== undefined) throw new RefusedError(`the tokens are gone from here, but not revoked: ${failure}`);
    call.out(json ? JSON.stringify({ issuer: account.issuer, revoked: true }) : `Signed out of ${account.issuer}.`);
    return 0;
  },
};

async function revoke(issuer: string, clientId: string, token: string): Promise<string | undefined> {
  // Here, so that a server that starts does not load it.
  const { asked, clientAt } = await import('../login/sign-in.ts');
  const { revokeToken } = await import('@hufu/client/revoke-token');
  try {
    await asked(revokeToken(clientAt(issuer, clientId), token));
    return undefined;
  } catch (error) {
    if (error instanceof RefusedError) return error.message;
    throw error;
  }
}
