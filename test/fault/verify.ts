import { setTimeout as sleep } from 'node:timers/promises';
import { type JsonReply, postForm } from '../support/agent.ts';
import { API, advance, type Chain, type Load, readTokens, redeem, refresh } from './load.ts';

/** What a crash cost. Both are 0, or it is a defect. */
export interface Losses {
  /** What was acknowledged and is not known any more, or a generation that went back. */
  readonly lost: string[];
  /** What was used, revoked or replayed and works again. */
  readonly revived: string[];
}

const SPENT_EACH = 4;

/**
 * Asks the server about everything that it has acknowledged (attacks I9–I12). Tokens that should live are used; of the others some are tried.
 * A quarter of the chains is spent on showing what must not work: a used code, a refresh token of two generations ago.
 */
export async function verify(load: Load, origin: string, random: () => number, losses: Losses): Promise<void> {
  const chains = [...load.chains];
  for (let at = 0; at < chains.length; at += 8) {
    await Promise.all(chains.slice(at, at + 8).map((chain) => verifyChain(load, chain, origin, random, losses)));
  }
  for (const { access } of load.machines.splice(0)) {
    if (!(await isActive(origin, access, API))) losses.lost.push('the token of a machine');
  }
}

async function verifyChain(load: Load, chain: Chain, origin: string, random: () => number, losses: Losses): Promise<void> {
  if (chain.ended === 'yes') {
    if (await isAlive(origin, chain)) losses.revived.push('a grant whose end was acknowledged');
    load.chains.delete(chain);
  } else if (chain.ended === 'unknown') {
    await isAlive(origin, chain, losses);
    load.chains.delete(chain);
  } else if (chain.exchanged === 'yes') {
    await verifyLiving(load, chain, origin, random, losses);
  } else {
    await verifyCode(chain, origin, losses);
    load.chains.delete(chain);
  }
}

/** A code that was never sent works, and then not again; one that was sent and not answered for works at most once. */
async function verifyCode(chain: Chain, origin: string, losses: Losses): Promise<void> {
  const reply = await persist(() => redeem(origin, chain));
  if (reply.status !== 200 && chain.exchanged === 'no') losses.lost.push(`a code: ${JSON.stringify(reply.body)}`);
  if (reply.status !== 200) return;
  if ((await persist(() => redeem(origin, chain))).status !== 400) losses.revived.push('a code that had just been redeemed');
}

async function verifyLiving(load: Load, chain: Chain, origin: string, random: () => number, losses: Losses): Promise<void> {
  const { access, refresh: newest } = chain.tokens ?? { access: '', refresh: '' };
  if (!(await isActive(origin, access, API))) losses.lost.push('an access token');
  // With a refresh under way nobody knows whether it is still the newest.
  if (!chain.refreshing && chain.party.basic !== undefined && !(await isActive(origin, newest, chain.party.basic)))
    losses.lost.push('a refresh token');
  const reply = await persist(() => refresh(origin, chain.party, newest));
  if (reply.status !== 200) {
    losses.lost.push(`a refresh token, or its generation: ${JSON.stringify(reply.body)}`);
    load.chains.delete(chain);
    return;
  }
  advance(chain, readTokens(reply));
  if (Math.floor(random() * SPENT_EACH) === 0) {
    load.chains.delete(chain);
    await verifySpent(chain, origin, random, losses);
  }
}

/** What was used before the crash does not work after it, and showing it ends everything. */
async function verifySpent(chain: Chain, origin: string, random: () => number, losses: Losses): Promise<void> {
  const older = chain.used.at(-2);
  const byCode = older === undefined || random() < 0.5;
  const reply = await persist(() => (byCode ? redeem(origin, chain) : refresh(origin, chain.party, older)));
  if (reply.status !== 400) losses.revived.push(byCode ? 'a code that was redeemed' : 'a refresh token that was used');
  if (await isAlive(origin, chain)) losses.revived.push('a grant after a replay');
}

/** Whether anything of a grant works. With `losses`, that all of it does or nothing. */
async function isAlive(origin: string, chain: Chain, losses?: Losses): Promise<boolean> {
  const { access, refresh: newest } = chain.tokens ?? { access: '', refresh: '' };
  const active = await isActive(origin, access, API);
  const renewed = (await persist(() => refresh(origin, chain.party, newest))).status === 200;
  if (losses !== undefined && active !== renewed) losses.revived.push('half a grant');
  return active || renewed;
}

async function isActive(origin: string, token: string, basic: string): Promise<boolean> {
  const reply = await persist(() => postForm(`${origin}/oauth/introspect`, { token }, basic));
  return reply.body['active'] === true;
}

/** 503 is not an answer: a database that died may be on its way back. Whoever asks for too long gets it all the same. */
async function persist(act: () => Promise<JsonReply>): Promise<JsonReply> {
  for (let tries = 0; ; tries += 1) {
    const reply = await act();
    if (reply.status !== 503 || tries >= MAX_TRIES) return reply;
    await sleep(20);
  }
}

const MAX_TRIES = 100;
