import { ConfigError } from '@hufu/server/config/problem';
import { MasterKeyError } from '@hufu/server/keys/master-key';
import { VERSION } from '@hufu/server/version';
import { SchemaBehind } from '@hufu/store/open';
import { StoreUnavailable } from '@hufu/store/port';
import { ADMIN_COMMANDS } from './admin/admin-commands.ts';
import { either } from './admin/either.ts';
import { type Command, type CommandCall, type ExitCode, RefusedError, UsageError } from './command.ts';
import { apply } from './commands/apply.ts';
import { auditExport } from './commands/audit-export.ts';
import { auditList } from './commands/audit-list.ts';
import { auditVerify } from './commands/audit-verify.ts';
import { clientInvite } from './commands/client-invite.ts';
import { clientKeyCreate } from './commands/client-key-create.ts';
import { clientSecret } from './commands/client-secret.ts';
import { completionOf } from './commands/completion.ts';
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
import { plan } from './commands/plan.ts';
import { replay } from './commands/replay.ts';
import { revokeClient, revokeGrant, revokeUser } from './commands/revoke.ts';
import { revokeSession, sessionList } from './commands/sessions.ts';
import { start } from './commands/start.ts';
import { token } from './commands/token.ts';
import { exportCommand, importCommand } from './commands/transfer.ts';
import { userDelete } from './commands/user-delete.ts';
import { userDisable, userEnable } from './commands/user-enabled.ts';
import { userLock, userUnlock } from './commands/user-lock.ts';
import { userResetFactors } from './commands/user-reset-factors.ts';
import { whoami } from './commands/whoami.ts';
import { why } from './commands/why.ts';
import { visible } from './display-width.ts';
import { describe, helpOn, overviewOf } from './help.ts';

/** A command is one file and one line here; those of the admin API are made of its table. */
export const OWN_COMMANDS: readonly Command[] = [
  start,
  gateway,
  login,
  logout,
  token,
  whoami,
  curl,
  migrate,
  plan,
  apply,
  replay,
  exportCommand,
  importCommand,
  either(why, 'decisions.get'),
  either(revokeGrant, 'grants.revoke'),
  either(revokeUser, 'users.revoke'),
  either(revokeClient, 'clients.revoke'),
  revokeSession,
  either(grantList, 'grants.list'),
  either(sessionList, 'users.sessions.list'),
  either(clientList, 'clients.list'),
  clientInvite,
  either(clientSecret, 'clients.secrets.create'),
  clientKeyCreate,
  either(userList, 'users.list'),
  either(userDisable, 'users.disable'),
  either(userEnable, 'users.enable'),
  either(userLock, 'users.lock'),
  either(userUnlock, 'users.unlock'),
  either(userDelete, 'users.delete'),
  either(userResetFactors, 'users.factors.reset'),
  deliveryList,
  either(limitsList, 'limits.list'),
  either(limitsSet, 'limits.put'),
  either(limitsReset, 'limits.reset'),
  either(keyRotate, 'keys.rotate'),
  either(keyList, 'keys.list'),
  either(keyRevoke, 'keys.revoke'),
  either(auditList, 'audit.list'),
  auditExport,
  auditVerify,
  doctor,
  completionOf(() => commands),
];
const commands: readonly Command[] = [
  ...OWN_COMMANDS,
  ...ADMIN_COMMANDS.filter(({ name }) => OWN_COMMANDS.every((command) => command.name !== name)),
];

/** Finds the command that the words begin with, and runs it. */
export async function runCli(words: readonly string[], { env, out, err }: Omit<CommandCall, 'args'>): Promise<ExitCode> {
  // What went wrong may be told in words of a file, or of a server: a terminal obeys none of them.
  const call = { env, out, err: (line: string): void => err(line.split('\n').map(visible).join('\n')) };
  if (words.length === 1 && (words[0] === '--version' || words[0] === 'version')) {
    out(VERSION);
    return 0;
  }
  const command = commands
    .filter((candidate) => candidate.name.split(' ').every((word, i) => words[i] === word))
    .sort((a, b) => b.name.length - a.name.length)[0];
  if (command === undefined) {
    const asked = words[0] === undefined || words[0] === 'help' || isHelp(words[0]);
    const about = asked ? words.slice(1) : words.filter((word) => !isHelp(word));
    const text = helpOn(commands, about);
    if (!asked && (text === undefined || !words.some(isHelp))) call.err(`hufu has no command ${words.slice(0, 2).join(' ').slice(0, 60)}`);
    else if (text !== undefined) {
      call.out(text);
      return 0;
    }
    call.err(text ?? overviewOf(commands));
    return 2;
  }
  if (words.some(isHelp)) {
    call.out(describe(command));
    return 0;
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

function isHelp(word: string): boolean {
  return word === '--help' || word === '-h';
}

/** A folder or a file that was named and is not what it should be, or a disk that takes nothing. */
const FILE_FAILURES: ReadonlySet<string> = new Set(['EACCES', 'EPERM', 'ENOENT', 'ENOTDIR', 'EISDIR', 'EEXIST', 'EROFS', 'ENOSPC']);

/** What can go wrong without being a bug, as one line; undefined for what is one. */
function explainFailure(error: unknown): string | undefined {
  if (error instanceof RefusedError || error instanceof ConfigError || error instanceof MasterKeyError) return error.message;
  if (error instanceof SchemaBehind) return `${error.message}; hufu migrate brings it up`;
  if (error instanceof StoreUnavailable) {
    const cause = error.cause instanceof Error ? `: ${error.cause.message}` : '';
    return `the database cannot be used: ${error.message}${cause}`;
  }
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  if (error.code === 'EADDRINUSE') return `${error.message}: another program listens there; stop it, or set listen`;
  if (error.code === 'EADDRNOTAVAIL' || error.code === 'ENOTFOUND')
    return `${error.message}: it is no address of this machine; set listen to one that is, or to a port alone`;
  return typeof error.code === 'string' && FILE_FAILURES.has(error.code) ? error.message : undefined;
}
