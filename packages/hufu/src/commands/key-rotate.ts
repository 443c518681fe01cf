import { PUBLISH_LEAD_SECONDS } from '@hufu/server/keys/key-ring';
import type { Command } from '../command.ts';
import { onlyOptions, withContext } from '../local.ts';

/** Makes a successor for each key pair. A running server follows within a second. */
export const keyRotate: Command = {
  name: 'key rotate',
  summary: 'makes a new key for each algorithm, and new ones that clients encrypt to',
  usage: 'hufu key rotate [--config hufu.yaml] [--json]',
  async run(call) {
    const { json, config } = await onlyOptions(call);
    const ids = await withContext(call, config, (ctx, now) => ctx.keys.rotateNow(now));
    call.out(
      json
        ? JSON.stringify({ added: ids, activeInSeconds: PUBLISH_LEAD_SECONDS })
        : `${ids.length} new keys are made. They are in use in ${PUBLISH_LEAD_SECONDS / 60} minutes: those that sign are published already, so that every cache of the JWKS has them by then; the old ones verify until their last token has expired.`,
    );
    return 0;
  },
};
