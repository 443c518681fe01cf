import type { DeviceInstructions } from '@hufu/client/device-login';
import { isRole, ROLES, scopeOf } from '@hufu/protocol/admin/roles';
import { systemClock, wait } from '@hufu/server/clock';
import { type Command, type CommandCall, UsageError } from '../command.ts';
import { CLI_CLIENT_ID } from '../demo/demo-config.ts';
import { type Account, accountFile, readAccounts, withLock, writeAccounts } from '../login/account-file.ts';
import { type AccountWords, readAccountWords } from '../login/account-words.ts';
import { replaceAccount } from '../login/live-account.ts';
import { namedIssuer } from '../login/named-issuer.ts';

const DEFAULT_ISSUER = 'http://localhost:4400';
const DEFAULT_SCOPE = 'openid profile email offline_access';

/** Signs a person in from a terminal: they confirm in any browser (RFC 8628). */
export const login: Command = {
  name: 'login',
  summary: 'signs you in, by a code that you confirm in a browser',
  usage:
    'hufu login [--issuer https://id.example] [--client hufu-cli] [--scope "openid …"] [--admin read|support|security|owner] [--fresh] [--resource URI] [--no-qr] [--json]',
  async run(call) {
    const words = readAccountWords(call.args, ['client', 'scope', 'resource', 'no-qr', 'admin', 'fresh']);
    const account = await signIn(call, words, { wait, nowMs: systemClock().nowMs });
    call.out(words.json ? JSON.stringify(publicly(account)) : `Signed in to ${account.issuer}.`);
    return 0;
  },
};

/** How long the command waits, and when it is. */
interface SignInTime {
  wait(ms: number): Promise<void>;
  nowMs(): number;
}

/** The same with a time of the caller's; stores the account and makes it the current one. */
export async function signIn(call: CommandCall, words: AccountWords, time: SignInTime): Promise<Account> {
  // Here, so that a server that starts does not load what signs people in.
  const { asked, clientAt, toAccount } = await import('../login/sign-in.ts');
  const { signInByDevice } = await import('@hufu/client/device-login');
  const issuer = words.issuer ?? namedIssuer(call.env) ?? DEFAULT_ISSUER;
  const client = clientAt(issuer, words.client ?? CLI_CLIENT_ID, time.nowMs);
  const signingIn = signInByDevice(client, {
    scope: scopeOfWords(words),
    ...(words.resource !== undefined && { resource: words.resource }),
    show: (instructions) => show(call, words, words.fresh ? freshly(issuer, instructions) : instructions),
    wait: time.wait,
  });
  const account = toAccount(client, await asked(signingIn));
  const file = accountFile(call.env);
  await withLock(file, async () => {
    await writeAccounts(file, { ...replaceAccount(await readAccounts(file), account), current: account.issuer });
  });
  return account;
}

/** One admin scope is as good as those of all smaller roles; the server gives no more than the role has. */
function scopeOfWords({ scope, admin }: AccountWords): string {
  if (admin === undefined) return scope ?? DEFAULT_SCOPE;
  if (!isRole(admin)) throw new UsageError(`--admin is one of ${ROLES.join(', ')}`);
  return `${scope ?? DEFAULT_SCOPE} ${scopeOf(admin)}`;
}

/** The page where somebody proves themselves anew, and comes to the code from there: a Hufu has one. What the device flow has for it is nothing (RFC 8628). */
function freshly(issuer: string, instructions: DeviceInstructions): DeviceInstructions {
  const address = `${issuer}/signin?next=${encodeURIComponent(`device ${instructions.userCode}`)}&fresh=1`;
  return { ...instructions, verificationUri: address, verificationUriComplete: address };
}

/** One line of JSON for programs; else the address, the code, and a picture of both. */
async function show(call: CommandCall, { json, qr }: AccountWords, instructions: DeviceInstructions): Promise<void> {
  const { userCode, verificationUri, verificationUriComplete, expiresInSeconds } = instructions;
  if (json) {
    call.out(
      JSON.stringify({
        user_code: userCode,
        verification_uri: verificationUri,
        verification_uri_complete: verificationUriComplete,
        expires_in: expiresInSeconds,
      }),
    );
    return;
  }
  call.out(`Open ${verificationUri}\nand type ${userCode}\n`);
  if (qr && process.stdout.isTTY) {
    // Here, so that a server that starts does not load what draws it.
    const { toString: drawCode } = await import('qrcode');
    call.out(await drawCode(verificationUriComplete, { type: 'terminal', small: true }));
  }
  call.out('Waiting until you have allowed it …');
}

function publicly({ issuer, clientId, scope, expiresAt }: Account): object {
  return { issuer, client_id: clientId, scope, expires_at: expiresAt };
}
