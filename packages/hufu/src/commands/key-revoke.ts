import { type Command, RefusedError, UsageError } from '../command.ts';
import { readLocalWords, withContext } from '../local.ts';

/** Withdraws a key that may be stolen. A running server follows within a second. */
export const keyRevoke: Command = {
  name: 'key revoke',
  summary: 'withdraws a key that may be stolen, at once; what it signed is void',
  usage: 'hufu key revoke <kid> [--config hufu.yaml] [--json]',
  async run(call) {
    const { positionals, json, config } = await readLocalWords({ ...call, args: asKids(call.args) });
    const [kid] = positionals;
    if (kid === undefined || positionals.length > 1) throw new UsageError('one kid is needed; hufu key list shows them');
    const revoked = await withContext(call, config, (ctx, now) => ctx.keys.revokeKey(kid, now));
    if (revoked.kind === 'unknown') throw new RefusedError(`there is no key ${kid}; hufu key list shows them`);
    call.out(
      json ? JSON.stringify({ kid, use: revoked.use, alg: revoked.alg, revoked: true }) : `${kid} is revoked: ${MEANING[revoked.use]}`,
    );
    return 0;
  },
};

/** A thumbprint may begin with a hyphen, and is no option then. */
function asKids(args: readonly string[]): readonly string[] {
  const isKid = (word: string): boolean => /^-[\w-]{42}$/.test(word);
  return args.some(isKid) ? [...args.filter((word) => !isKid(word)), '--', ...args.filter(isKid)] : args;
}

const MEANING = {
  sig: 'it is out of the JWKS, and what it signed is void here now, and elsewhere as soon as the JWKS is read again. Another key signs already.',
  enc: 'it is out of the JWKS, and what was encrypted to it does not open any more. Another key is published already.',
} as const;
