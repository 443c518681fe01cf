import type { SecondFactors } from '../accounts/second-factors.ts';
import type { Client } from '../clients.ts';
import type { Context } from '../context.ts';
import { amrOf, type ProvedMethod, showsSecondFactor } from '../sessions/methods.ts';
import { levelNamed, levelOf } from '../tokens/acr.ts';
import type { AskedAcr } from './check-acr.ts';

/** What somebody has to show for a request, or for a page of ours. */
export interface Requirements {
  /** The level (`tokens/acr.ts`) without which there is nothing. */
  readonly floor: number;
  /** Levels that are asked for once, of those who have what it takes. */
  readonly wished: readonly number[];
  /** `policies.sign_in.second_factor`. */
  readonly secondFactor: Context['config']['policies']['signIn']['secondFactor'];
}

/** Those of the tenant, the client and the request together; without a client those of our own pages. */
export function requirementsOf(ctx: Context, asked: { readonly client: Client; readonly acr: AskedAcr } | undefined): Requirements {
  const { secondFactor } = ctx.config.policies.signIn;
  if (asked === undefined) return { floor: 1, wished: [], secondFactor };
  const { client, acr } = asked;
  return { floor: Math.max(1, acr.required, floorOfClient(client)), wished: acr.wished, secondFactor };
}

/** `hufu.sign_in.acr` of the client, as a level; 0 for none. */
export function floorOfClient({ metadata }: Client): number {
  return levelNamed(metadata.settings.signIn.acr ?? '');
}

/** The level that somebody who has shown this can get to with what they have. */
export function reachable(methods: readonly ProvedMethod[], having: SecondFactors): number {
  const second: readonly ProvedMethod[] = [
    ...(having.passkeys.length > 0 ? [{ method: 'passkey', at: 0, passkey: { userVerified: true, backupEligible: false } } as const] : []),
    ...(having.totp.length > 0 || having.recoveryCodes > 0 ? [{ method: 'totp', at: 0 } as const] : []),
  ];
  return levelOf(amrOf([...methods, ...second]));
}

/**
 * `verify`: more has to be shown. `wish`: the client would rather have more, and there is more to be had. `enrol`: a second factor has to be made first. `complete`: it is
 * enough, or there is no more to be had.
 */
export type Judgement = 'complete' | 'verify' | 'wish' | 'enrol';

/** What comes next for somebody who has shown `methods` and has `having`. */
export function judge(
  needs: Requirements,
  shown: {
    readonly methods: readonly ProvedMethod[];
    readonly having: SecondFactors;
    /** This browser stands in for the second factor, as far as the policy lets it. */
    readonly trusted: boolean;
    /** The wishes of this request have been heard. */
    readonly wished: boolean;
  },
): Judgement {
  const { methods, having, trusted, wished } = shown;
  const level = levelOf(amrOf(methods));
  const most = reachable(methods, having);
  const hasFactor = having.totp.length + having.passkeys.length > 0;
  if (!showsSecondFactor(methods)) {
    if (hasFactor && !(needs.secondFactor === 'new_device' && trusted)) return 'verify';
    if (!hasFactor && needs.secondFactor === 'required') return 'enrol';
  }
  if (level < needs.floor && most >= needs.floor) return 'verify';
  return !wished && needs.wished.some((one) => one > level && one <= most) ? 'wish' : 'complete';
}
