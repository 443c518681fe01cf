import { readSessionName, sessionName } from '@hufu/server/sessions/session-name';
import { type Command, RefusedError, UsageError } from '../command.ts';
import { oneWord, readLocalWords, withContext, withReadOnlyContext } from '../local.ts';
import { table, when } from '../table.ts';

const MAX_SESSIONS = 500;

/** Where a user is signed in. */
export const sessionList: Command = {
  name: 'session list',
  summary: 'lists where a user is signed in',
  usage: 'hufu session list --user NAME [--config hufu.yaml] [--json]',
  async run(call) {
    const { json, config, options, positionals } = await readLocalWords(call, ['user']);
    const name = options['user'];
    if (name === undefined || positionals.length > 0) throw new UsageError('--user is needed');
    const rows = await withReadOnlyContext(call, config, async (ctx, now) => {
      const user = await ctx.store.findUserByName(ctx.tenant, name);
      if (user === undefined) throw new RefusedError(`there is no user ${name}`);
      const sessions = await ctx.store.listSessions(ctx.tenant, user.id, MAX_SESSIONS, now);
      const devices = new Map((await ctx.store.listDevices(ctx.tenant, user.id)).map((device) => [device.id, device]));
      return sessions.map((session) => {
        const device = devices.get(session.deviceId ?? 0);
        return {
          sid: sessionName(ctx, session.id),
          signed_in: when(session.createdAt),
          seen: when(session.lastSeenAt),
          ends: when(session.expiresAt),
          how: session.amr.join(' '),
          device: device === undefined ? '' : `${device.type}: ${printable(device.agent.replace(' · ', ', '))}`,
          browser: printable(session.userAgent),
        };
      });
    });
    call.out(
      json
        ? JSON.stringify(rows)
        : table(
            ['sid', 'signed_in', 'seen', 'ends', 'how', 'device', 'browser'],
            rows.map((row) => Object.values(row)),
          ),
    );
    return 0;
  },
};

/** One session: what an administrator ends is told to clients as any other end is (OpenID Connect Back-Channel Logout §2.5). */
export const revokeSession: Command = {
  name: 'revoke session',
  summary: 'ends one session, and tells the apps that took part in it',
  usage: 'hufu revoke session <sid> [--config hufu.yaml] [--json]',
  async run(call) {
    const { word, json, config } = await oneWord(call, 'a sid (see hufu session list)');
    const result = await withContext(call, config, async (ctx, now) => {
      const id = readSessionName(ctx, word);
      return id === undefined ? 'unknown' : ctx.store.endSession(ctx.tenant, id, 'revoked_by_admin', now);
    });
    if (result === 'unknown') throw new RefusedError(`there is no session ${word.slice(0, 60)}`);
    call.out(json ? JSON.stringify({ session: word, result }) : `Session ${word} has ended.`);
    return 0;
  },
};

/** A browser says what it likes: nothing of it moves the cursor. */
function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?').slice(0, 80);
}
