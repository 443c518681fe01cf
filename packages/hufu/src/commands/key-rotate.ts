import { PUBLISH_LEAD_SECONDS } from '@hufu/server/keys/key-ring';
import type { Command } from '../command.ts';
import { readLocalWords, withContext } from '../local.ts';

/** Publishes a successor for each signing key. A running server follows within a second. */
export const keyRotate: Command = {
  name: 'key rotate',
  summary: 'publishes a new signing key for each algorithm',
  usage: 'hufu key rotate [--config hufu.yaml] [--json]',
  async run(call) {
    const { json, config } = await readLocalWords(call);
    const ids = await withContext(call, config, (ctx, now) => ctx.keys.rotateNow(now));
    call.out(
      json
        ? JSON.stringify({ added: ids, activeInSeconds: PUBLISH_LEAD_SECONDS })
        : `${ids.length} new keys are published. They sign in ${PUBLISH_LEAD_SECONDS / 60} minutes, once every cache of the JWKS has them; the old ones verify until their last token has expired.`,
    );
    return 0;
  },
};
