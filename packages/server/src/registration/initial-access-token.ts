import { decode24, encode24, isBase64urlText } from '@hufu/protocol/base64url';
import { equalText } from '@hufu/protocol/equal-text';
import { OAuthError } from '@hufu/protocol/errors';
import type { Context } from '../context.ts';

/** How often an initial access token may be used at most. */
export const MAX_USES = 1_000;

/** What an initial access token says of itself: nothing of it is kept but that a use was taken. */
export interface InitialAccessToken {
  /** Seconds since 1970. */
  readonly expiresAt: number;
  /** 1 … `MAX_USES` */
  readonly uses: number;
  /** 16 random characters. */
  readonly name: string;
}

/** What scanners and people recognise one by. */
const PREFIX = 'hfi_';
const NAME_LENGTH = 16;
const BODY_LENGTH = 12 + NAME_LENGTH;
/** Of HMAC-SHA-256. */
const SEAL_LENGTH = 43;

/** Makes an initial access token (RFC 7591 §3): sealed text, valid for as many registrations as it says. */
export function issueInitialAccessToken(ctx: Context, { expiresAt, uses }: Omit<InitialAccessToken, 'name'>): string {
  if (!Number.isInteger(uses) || uses < 1 || uses > MAX_USES) throw new TypeError(`uses are 1 to ${MAX_USES}`);
  const body = encode24(Math.floor(expiresAt / 2 ** 24)) + encode24(expiresAt % 2 ** 24) + encode24(uses) + ctx.random.text(NAME_LENGTH);
  return PREFIX + body + seal(ctx, body);
}

/** The token of a text whose seal holds and whose time is not over. */
export function readInitialAccessToken(ctx: Context, text: string, now: number): InitialAccessToken | undefined {
  const length = PREFIX.length + BODY_LENGTH + SEAL_LENGTH;
  if (text.length !== length || !text.startsWith(PREFIX) || !isBase64urlText(text, PREFIX.length)) return undefined;
  const body = text.slice(PREFIX.length, PREFIX.length + BODY_LENGTH);
  if (!equalText(seal(ctx, body), text.slice(PREFIX.length + BODY_LENGTH))) return undefined;
  const expiresAt = decode24(body, 0) * 2 ** 24 + decode24(body, 4);
  return expiresAt <= now ? undefined : { expiresAt, uses: decode24(body, 8), name: body.slice(12) };
}

/** Names of tokens that have no use left, so that whoever goes on trying costs nothing. */
const spent = new WeakMap<Context, Set<string>>();
const MAX_SPENT = 1_000;

/**
 * Takes one use, each for one caller alone on any number of nodes. Begins anywhere, so that the ones that are taken already are seldom met.
 * Throws `invalid_token` when all are taken.
 */
export async function takeUse(ctx: Context, { expiresAt, uses, name }: InitialAccessToken, now: number): Promise<void> {
  let known = spent.get(ctx);
  if (known === undefined) spent.set(ctx, (known = new Set()));
  const first = decode24(ctx.random.text(4), 0);
  for (let i = 0; i < uses && !known.has(name); i++) {
    if (await ctx.store.takeOnce(ctx.tenant, 'registration', `${name}#${(first + i) % uses}`, expiresAt, now)) return;
  }
  if (known.size >= MAX_SPENT) known.clear();
  known.add(name);
  throw new OAuthError('invalid_token', REFUSED, { detail: `all of its ${uses} uses are taken` });
}

/** The public word for a token that is none, has expired or is used up. */
export const REFUSED = 'a valid initial access token is needed';

function seal(ctx: Context, body: string): string {
  return ctx.keys.keyedHash('initial_access_token', `${ctx.tenant}.${body}`);
}
