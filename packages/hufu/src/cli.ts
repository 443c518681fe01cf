import { ConfigError } from '@hufu/server/config/problem';
import { MasterKeyError } from '@hufu/server/keys/master-key';
import { StoreUnavailable } from '@hufu/store/port';
import { type Command, type CommandCall, type ExitCode, RefusedError, UsageError } from './command.ts';
import { clientInvite } from './commands/client-invite.ts';
import { clientKeyCreate } from './commands/client-key-create.ts';
import { clientSecret } from './commands/client-secret.ts';
import { curl } from './commands/curl.ts';
import { deliveryList } from './commands/delivery-list.ts';
import { doctor } from './commands/doctor.ts';
import { gateway } from './commands/gateway.ts';
import { keyList } from './commands/key-list.ts';
import { keyRevoke } from './commands/key-revoke.ts';
import { keyRotate } from './commands/key-rotate.ts';
import { limitsList, limitsReset, limitsSet } from './commands/limits.ts';
import { clientList, grantList, userList } from './commands/lists.ts';
import { login } from './commands/login.ts';
import { logout } from './commands/logout.ts';
import { migrate } from './commands/migrate.ts';
import { revokeClient, revokeGrant, revokeUser } from './commands/revoke.ts';
import { revokeSession, sessionList } from './commands/sessions.ts';
import { start } from './commands/start.ts';
import { token } from './commands/token.ts';
import { userDelete } from './commands/user-delete.ts';
import { userDisable, userEnable } from './commands/user-enabled.ts';
import { userLock, userUnlock } from './commands/user-lock.ts';
import { userResetFactors } from './commands/user-reset-factors.ts';
import { whoami } from './commands/whoami.ts';
import { why } from './commands/why.ts';

/** A command is one file and one line here. */
const commands: readonly Command[] = [
  start,
  gateway,
  login,
  logout,
  token,
  whoami,
  curl,
  migrate,
  why,
  revokeGrant,
  revokeUser,
  revokeClient,
  revokeSession,
  grantList,
  sessionList,
  clientList,
  clientInvite,
  clientSecret,
  clientKeyCreate,
  userList,
  userDisable,
  userEnable,
  userLock,
  userUnlock,
  userDelete,
  userResetFactors,
  deliveryList,
  limitsList,
  limitsSet,
  limitsReset,
  keyRotate,
  keyList,
  keyRevoke,
  doctor,
];

async function main(words: readonly string[], call: Omit<CommandCall, 'args'>): Promise<ExitCode> {
  const command = commands
    .filter((candidate) => candidate.name.split(' ').every((word, i) => words[i] === word))
    .sort((a, b) => b.name.length - a.name.length)[0];
  if (command === undefined) {
    const asked = words[0] === undefined || words[0] === 'help' || words[0] === '--help';
    if (!asked) call.err(`hufu has no command ${words.slice(0, 2).join(' ').slice(0, 60)}`);
    (asked ? call.out : call.err)(overview());
    return asked ? 0 : 2;
  }
  try {
    return await command.run({ ...call, args: words.slice(command.name.split(' ').length) });
  } catch (error) {
    if (error instanceof UsageError) {
      call.err(`${error.message}\nusage: ${command.usage}`);
      return 2;
    }
    const expected = explainFailure(error);
    if (expected === undefined) throw error;
    call.err(expected);
    return 1;
  }
}

/** What can go wrong without being a bug, as one line; undefined for what is one. */
function explainFailure(error: unknown): string | undefined {
  if (error instanceof RefusedError || error instanceof ConfigError || error instanceof MasterKeyError) return error.message;
  if (error instanceof StoreUnavailable) {
    const cause = error.cause instanceof Error ? `: ${error.cause.message}` : '';
    return `the database cannot be used: ${error.message}${cause}`;
  }
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  if (error.code === 'EADDRINUSE') return `${error.message}: another program listens there; stop it, or set listen`;
  if (error.code === 'EACCES' || error.code === 'ENOENT' || error.code === 'EROFS') return error.message;
  return undefined;
}

function overview(): string {
  const width = Math.max(...commands.map((command) => command.name.length));
  return ['hufu <command>', '', ...commands.map((command) => `  ${command.name.padEnd(width)}  ${command.summary}`)].join('\n');
}

process.exitCode = await main(process.argv.slice(2), {
  env: process.env,
  out: (line) => process.stdout.write(`${line}\n`),
  err: (line) => process.stderr.write(`${line}\n`),
});
