import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { openMemory } from '@hufu/store/memory';
import type { Store } from '@hufu/store/port';
import { type Outage, withOutages } from '@hufu/store/slow';
import { Agent, authorizeAs, type JsonReply, type Page, pkce, postForm } from '../support/agent.ts';
import { type Node, startNode } from '../support/nodes.ts';
import { rounds, seededRandom, withSeeds } from '../support/seeds.ts';
import { type Chain, LOAD_YAML, PARTIES, type Party, readTokens, redeem, refresh } from './load.ts';

const SEEDS = rounds(60, 2_000);
const STEPS = 12;
const MAX_TRIES = 200;
const ANN = { username: 'ann', password: 'not a moment to lose' } as const;

describe(`a store that is away now and then, before or after it has acted, ${SEEDS} seeds`, () => {
  let node: Node;
  let agent: Agent;
  let decide: (verb: keyof Store) => Outage = () => 'none';
  before(async () => {
    node = await startNode({ store: withOutages(await openMemory(), (verb) => decide(verb)), yaml: LOAD_YAML });
    agent = new Agent(node.origin);
    await authorizeAs(agent, PARTIES[0] ?? assert.fail(), ANN);
  });
  after(async () => {
    decide = () => 'none';
    await node.stop();
  });

  /** Verbs that a request waits for fail as the seed has it. */
  function trouble(seed: number): void {
    const random = seededRandom(seed);
    decide = (verb) => {
      if (verb === 'keysVersion' || verb === 'recordDecisions' || verb === 'time') return 'none';
      const chance = random();
      return chance < 0.1 ? 'before' : chance < 0.2 ? 'after' : 'none';
    };
  }

  async function freshChain(party: Party): Promise<Chain> {
    decide = () => 'none';
    const { page, verifier } = await authorizeAs(agent, party, ANN);
    const code = page.answer.get('code') ?? assert.fail(page.location);
    return { party, code, verifier, exchanged: 'no', ended: 'no', tokens: undefined, used: [], refreshing: false };
  }

  test('whoever tries again is never signed out: 503 with Retry-After, and then the successor (product 3.2, 3.3)', () =>
    withSeeds(SEEDS, async (seed) => {
      const chain = await freshChain(PARTIES[seed % 2] ?? assert.fail());
      let { refresh: newest } = readTokens(await redeem(node.origin, chain));
      trouble(seed);
      for (let step = 0; step < STEPS; step += 1) {
        const reply = await persist(() => refresh(node.origin, chain.party, newest));
        assert.equal(reply.status, 200, JSON.stringify(reply.body));
        newest = readTokens(reply).refresh;
      }
    }));

  test('an exchange whose answer was lost is a replay when it is tried again: never two families (attacks COD-20)', () =>
    withSeeds(SEEDS, async (seed) => {
      const chain = await freshChain(PARTIES[seed % 2] ?? assert.fail());
      trouble(seed);
      const replies: JsonReply[] = [];
      for (let tries = 0; tries < MAX_TRIES && replies.every((reply) => reply.status === 503); tries += 1) {
        const reply = await redeem(node.origin, chain);
        assertAway(reply);
        replies.push(reply);
      }
      decide = () => 'none';
      const last = replies.at(-1) ?? assert.fail('no reply');
      if (last.status === 200) {
        assert.equal((await refresh(node.origin, chain.party, readTokens(last).refresh)).status, 200);
      } else {
        assert.equal(last.body['error'], 'invalid_grant');
        assert.ok(replies.length > 1, 'refused at once');
      }
    }));

  test('pages say that it is away, and the same browser signs in afterwards (RFC 9110 §15.6.4)', () =>
    withSeeds(Math.ceil(SEEDS / 3), async (seed) => {
      trouble(seed);
      const browser = new Agent(node.origin);
      const party = PARTIES[0] ?? assert.fail();
      for (let tries = 0; tries < MAX_TRIES; tries += 1) {
        const { page } = await authorizeAs(browser, party, ANN);
        if (page.location.startsWith(party.redirectUri)) {
          assert.ok(page.answer.get('code') !== null, page.location);
          return;
        }
        assertAwayPage(page);
      }
      assert.fail('never signed in');
    }));

  test('a pushed request is 503 or kept, and gets one answer at most (RFC 9126 §2.3, §4)', () =>
    withSeeds(Math.ceil(SEEDS / 3), async (seed) => {
      const { clientId, redirectUri, scope = '', basic } = PARTIES[1] ?? assert.fail();
      const fields = { response_type: 'code', client_id: clientId, redirect_uri: redirectUri, scope };
      const challenge = { code_challenge: pkce().challenge, code_challenge_method: 'S256' };
      trouble(seed);
      const pushed = await persist(() => postForm(`${node.origin}/oauth/par`, { ...fields, ...challenge }, basic));
      assert.equal(pushed.status, 201, JSON.stringify(pushed.body));
      const query = new URLSearchParams({ client_id: clientId, request_uri: String(pushed.body['request_uri']) });
      let answers = 0;
      for (let tries = 0; tries < MAX_TRIES; tries += 1) {
        const page = await agent.get(`/oauth/authorize?${query.toString()}`);
        if (page.name === 'completed') break;
        if (page.location.startsWith(redirectUri)) answers += 1;
        else assertAwayPage(page);
      }
      assert.ok(answers <= 1, `${answers} answers`);
    }));

  test('attempts that nobody could judge are not counted: after an outage the right password is not slowed down (attacks USR-08)', async () => {
    const browser = new Agent(node.origin);
    decide = (verb) => (verb === 'findUserByName' ? 'before' : 'none');
    for (let tries = 0; tries < 50; tries += 1) {
      const page = await browser.submit(await browser.get('/signin'), ANN);
      assertAwayPage(page);
    }
    decide = () => 'none';
    assert.equal((await browser.submit(await browser.get('/signin'), ANN)).status, 303);
  });
});

async function persist(act: () => Promise<JsonReply>): Promise<JsonReply> {
  for (let tries = 0; tries < MAX_TRIES; tries += 1) {
    const reply = await act();
    assertAway(reply);
    if (reply.status !== 503) return reply;
  }
  return assert.fail('away for ever');
}

function assertAway(reply: JsonReply): void {
  assert.ok(reply.status < 500 || reply.status === 503, JSON.stringify(reply.body));
  if (reply.status !== 503) return;
  assert.equal(reply.body['error'], 'temporarily_unavailable');
  assert.match(reply.headers.get('retry-after') ?? '', /^[1-9]\d*$/);
}

/** A code may have been lost on the way: then the page that brought it says that this sign-in is done. */
function assertAwayPage(page: Page): void {
  if (page.name === 'completed') return;
  assert.equal(page.status, 503, `${page.name} ${page.location}`);
  assert.match(page.headers.get('retry-after') ?? '', /^[1-9]\d*$/);
}
