import type { ChallengeRecord } from '@hufu/store/port';
import type { Context } from '../context.ts';
import { openSealed, seal } from '../interaction/sealed.ts';

/** That this browser has asked for a mail, and which: carried by the browser under our seal. */
export interface Asked {
  readonly challenge: number;
  readonly purpose: ChallengeRecord['purpose'];
  /** As it was typed, to be shown again. */
  readonly address: string;
  readonly browserId: string;
}

const MAX_ASKED = 1_000;

export function writeAsked(ctx: Pick<Context, 'keys' | 'random'>, { challenge, purpose, address, browserId }: Asked): string {
  return seal(ctx, 'mail', [challenge, purpose, address, browserId]);
}

/** What this very browser has asked for with that purpose; undefined for everything else. */
export function readAsked(
  ctx: Pick<Context, 'keys'>,
  text: string | undefined,
  expected: Pick<Asked, 'browserId' | 'purpose'>,
): Asked | undefined {
  const parts = text === undefined ? undefined : openSealed(ctx, 'mail', text, MAX_ASKED);
  if (!Array.isArray(parts)) return undefined;
  const [challenge, purpose, address, browserId]: unknown[] = parts;
  if (typeof challenge !== 'number' || typeof address !== 'string') return undefined;
  if (purpose !== expected.purpose || browserId !== expected.browserId) return undefined;
  return { challenge, purpose: expected.purpose, address, browserId: expected.browserId };
}
