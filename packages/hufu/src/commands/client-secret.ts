import { DURATION_FORMS, readDuration } from '@hufu/protocol/duration';
import { clientId, isClientId } from '@hufu/protocol/ids';
import { replaceClientSecret } from '@hufu/server/client-keys/replace-client-secret';
import { type Command, RefusedError, UsageError } from '../command.ts';
import { readLocalWords, withContext } from '../local.ts';
import { when } from '../table.ts';

const MAX_SECONDS = 90 * 86_400;

/** A new secret for a client that registered itself, shown once; the old ones stay good for the overlap. */
export const clientSecret: Command = {
  name: 'client secret',
  summary: 'gives a registered client a new secret; the old one stays good for a while',
  usage: 'hufu client secret <client_id> [--overlap 1d] [--config hufu.yaml] [--json]',
  async run(call) {
    const { positionals, json, options, config } = await readLocalWords(call, ['overlap']);
    const [id] = positionals;
    if (id === undefined || positionals.length > 1 || !isClientId(id)) throw new UsageError('one client id is needed');
    const overlap = readSeconds(options['overlap'] ?? '1d');
    const { outcome, until } = await withContext(call, config, async (ctx, now) => ({
      outcome: await replaceClientSecret(ctx, clientId(id), overlap, now),
      until: now + overlap,
    }));
    switch (outcome.kind) {
      case 'unknown':
        throw new RefusedError(`there is no client ${id}`);
      case 'configured':
        throw new RefusedError(`${id} stands in hufu.yaml: change client_secret there; hufu.secret_overlap keeps the old one good`);
      case 'no_secret':
        throw new RefusedError(`${id} has no secret: it proves itself by ${outcome.method}`);
      case 'replaced':
        if (json)
          call.out(JSON.stringify({ client_id: id, client_secret: outcome.secret, old_secrets_until: overlap === 0 ? null : until }));
        else {
          call.out(outcome.secret);
          call.err(overlap === 0 ? 'The old secret is good no more.' : `The old secret is good until ${when(until)}.`);
        }
        return 0;
    }
  },
};

function readSeconds(text: string): number {
  const seconds = readDuration(/^[0-9]{1,9}$/.test(text) ? Number(text) : text);
  if (seconds === undefined || seconds > MAX_SECONDS) throw new UsageError(`--overlap is ${DURATION_FORMS}, at most 90d`);
  return seconds;
}
