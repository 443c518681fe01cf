import { type Command, RefusedError } from '../command.ts';
import { accountFile, readAccounts, withLock, writeAccounts } from '../login/account-file.ts';
import { readAccountWords } from '../login/account-words.ts';
import { discover, explain, postForm } from '../login/issuer.ts';
import { requireAccount, withoutAccount } from '../login/live-account.ts';

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
      const found = requireAccount(accounts, issuer);
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
  try {
    const { revocationEndpoint } = await discover(issuer);
    if (revocationEndpoint === undefined) return 'the server has no revocation endpoint';
    const reply = await postForm(revocationEndpoint, { token, client_id: clientId });
    return reply.status === 200 ? undefined : explain(reply);
  } catch (error) {
    if (error instanceof RefusedError) return error.message;
    throw error;
  }
}
