import { DURATION_FORMS, readDuration } from '@hufu/protocol/duration';
import { issueInitialAccessToken, MAX_USES } from '@hufu/server/registration/initial-access-token';
import { type Command, RefusedError, UsageError } from '../command.ts';
import { onlyOptions, withContext } from '../local.ts';
import { when } from '../table.ts';

const MAX_SECONDS = 365 * 86_400;

/** An initial access token (RFC 7591 §3) for somebody who is to register a client. Shown once; nothing of it is kept. */
export const clientInvite: Command = {
  name: 'client invite',
  summary: 'prints an initial access token: who has it may register a client',
  usage: 'hufu client invite [--uses 1] [--expires 7d] [--config hufu.yaml] [--json]',
  async run(call) {
    const { json, options, config } = await onlyOptions(call, ['uses', 'expires']);
    const uses = readUses(options['uses'] ?? '1');
    const seconds = readSeconds(options['expires'] ?? '7d');
    const { registration } = config.policies;
    if (registration === 'off') throw new RefusedError('registration is off: set policies.registration to token');
    if (registration === 'open') throw new RefusedError('registration is open: nobody needs an invitation');
    const { token, expiresAt } = await withContext(call, config, async (ctx, now) => ({
      token: issueInitialAccessToken(ctx, { uses, expiresAt: now + seconds }),
      expiresAt: now + seconds,
    }));
    const endpoint = `${config.issuer}/oauth/register`;
    if (json) call.out(JSON.stringify({ initial_access_token: token, registration_endpoint: endpoint, uses, expires_at: expiresAt }));
    else {
      call.out(token);
      call.err(`Registers ${uses === 1 ? 'one client' : `up to ${uses} clients`} at ${endpoint} until ${when(expiresAt)}.`);
    }
    return 0;
  },
};

function readUses(text: string): number {
  const uses = /^[0-9]{1,4}$/.test(text) ? Number(text) : 0;
  if (uses < 1 || uses > MAX_USES) throw new UsageError(`--uses is 1 to ${MAX_USES}`);
  return uses;
}

function readSeconds(text: string): number {
  const seconds = readDuration(/^[0-9]{1,9}$/.test(text) ? Number(text) : text);
  if (seconds === undefined || seconds < 1 || seconds > MAX_SECONDS) throw new UsageError(`--expires is ${DURATION_FORMS}, at most 365d`);
  return seconds;
}
