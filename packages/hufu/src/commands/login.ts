import { systemClock, wait } from '@hufu/server/clock';
import { toString as drawCode } from 'qrcode';
import type { Command, CommandCall } from '../command.ts';
import { CLI_CLIENT_ID } from '../demo/demo-config.ts';
import { type Account, accountFile, readAccounts, withLock, writeAccounts } from '../login/account-file.ts';
import { type AccountWords, readAccountWords } from '../login/account-words.ts';
import { type DeviceLogin, type Instructions, signInByDevice } from '../login/device-login.ts';
import { discover } from '../login/issuer.ts';
import { replaceAccount } from '../login/live-account.ts';

const DEFAULT_ISSUER = 'http://localhost:4400';
const DEFAULT_SCOPE = 'openid profile email offline_access';

/** Signs a person in from a terminal: they confirm in any browser (RFC 8628). */
export const login: Command = {
  name: 'login',
  summary: 'signs you in, by a code that you confirm in a browser',
  usage: 'hufu login [--issuer https://id.example] [--client hufu-cli] [--scope "openid …"] [--resource URI] [--no-qr] [--json]',
  async run(call) {
    const words = readAccountWords(call.args, ['client', 'scope', 'resource', 'no-qr']);
    const account = await signIn(call, words, { wait, nowMs: systemClock().nowMs });
    call.out(words.json ? JSON.stringify(publicly(account)) : `Signed in to ${account.issuer}.`);
    return 0;
  },
};

/** The same with a time of the caller's; stores the account and makes it the current one. */
export async function signIn(call: CommandCall, words: AccountWords, time: Pick<DeviceLogin, 'wait' | 'nowMs'>): Promise<Account> {
  const issuer = words.issuer ?? call.env['HUFU_ISSUER'] ?? DEFAULT_ISSUER;
  const account = await signInByDevice(await discover(issuer), {
    ...time,
    clientId: words.client ?? CLI_CLIENT_ID,
    scope: words.scope ?? DEFAULT_SCOPE,
    resource: words.resource,
    show: (instructions) => show(call, words, instructions),
  });
  const file = accountFile(call.env);
  await withLock(file, async () => {
    await writeAccounts(file, { ...replaceAccount(await readAccounts(file), account), current: account.issuer });
  });
  return account;
}

/** One line of JSON for programs; else the address, the code, and a picture of both. */
async function show(call: CommandCall, { json, qr }: AccountWords, instructions: Instructions): Promise<void> {
  const { userCode, verificationUri, complete, expiresIn } = instructions;
  if (json) {
    call.out(
      JSON.stringify({
        user_code: userCode,
        verification_uri: verificationUri,
        verification_uri_complete: complete,
        expires_in: expiresIn,
      }),
    );
    return;
  }
  call.out(`Open ${verificationUri}\nand type ${userCode}\n`);
  if (qr && process.stdout.isTTY) call.out(await drawCode(complete, { type: 'terminal', small: true }));
  call.out('Waiting until you have allowed it …');
}

function publicly({ issuer, clientId, scope, expiresAt }: Account): object {
  return { issuer, client_id: clientId, scope, expires_at: expiresAt };
}
