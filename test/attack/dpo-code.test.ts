import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Prover, prover } from '@hufu/server/testing/proofs';
import { type Agent, authorizeAs, type CodeRequest, type JsonReply, pkce } from '../support/agent.ts';
import { USER } from '../support/hufu.ts';
import { assertTokenError, claimsOf } from './expect.ts';
import { arena } from './oracles.ts';
import { SPA, signedIn, WEB, WEB_BASIC } from './sign-ins.ts';
import { codeOf, now } from './token-requests.ts';

const holder = await prover();
const thief = await prover();

/** A public client, and one that proves itself: what is bound to a key is so for both. */
const CLIENTS: readonly (readonly [CodeRequest, basic: string | undefined])[] = [
  [SPA, undefined],
  [WEB, WEB_BASIC],
];

describe('DPO: codes that are bound to a key', () => {
  const here = arena();

  async function send(path: string, fields: Record<string, string>, by: Prover | undefined, basic?: string): Promise<JsonReply> {
    const reply = await fetch(here.issuer + path, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        ...(basic === undefined ? {} : { authorization: `Basic ${btoa(basic)}` }),
        ...(by === undefined ? {} : { dpop: by.prove({ htm: 'POST', htu: here.issuer + path, iat: now(here) }) }),
      },
      body: new URLSearchParams(fields).toString(),
    });
    return { status: reply.status, headers: reply.headers, body: Object(await reply.json()) };
  }

  const named = (clientId: string, basic: string | undefined): Record<string, string> =>
    basic === undefined ? { client_id: clientId } : {};

  /** A pushed request, with the verifier that fits it. */
  async function push(
    { clientId, redirectUri }: CodeRequest,
    basic: string | undefined,
    by: Prover | undefined,
    more: Record<string, string> = {},
  ): Promise<{ readonly reply: JsonReply; readonly verifier: string }> {
    const { verifier, challenge } = pkce();
    const request = {
      response_type: 'code',
      redirect_uri: redirectUri,
      scope: 'openid',
      code_challenge: challenge,
      code_challenge_method: 'S256',
      ...named(clientId, basic),
      ...more,
    };
    return { reply: await send('/oauth/par', request, by, basic), verifier };
  }

  /** The code of a pushed request. */
  async function comeWith(agent: Agent, { clientId }: CodeRequest, uri: unknown): Promise<string> {
    const query = new URLSearchParams({ client_id: clientId, request_uri: String(uri) });
    return (await agent.get(`/oauth/authorize?${query.toString()}`)).answer.get('code') ?? assert.fail('no code');
  }

  /** With no key and with another one the code is refused and stays whole; with its own it is good once. */
  async function assertBound(
    { clientId, redirectUri }: CodeRequest,
    basic: string | undefined,
    code: string,
    verifier: string,
  ): Promise<void> {
    const fields = {
      grant_type: 'authorization_code',
      code,
      redirect_uri: redirectUri,
      code_verifier: verifier,
      ...named(clientId, basic),
    };
    assertTokenError(await send('/oauth/token', fields, undefined, basic), 'invalid_grant', `${clientId}: without a proof`);
    assertTokenError(await send('/oauth/token', fields, thief, basic), 'invalid_grant', `${clientId}: by another key`);
    const tokens = await send('/oauth/token', fields, holder, basic);
    assert.deepEqual([tokens.status, tokens.body['token_type']], [200, 'DPoP'], clientId);
  }

  test('AUT-46 · a pushed request whose dpop_jkt is not the key of its proof brings no request_uri (RFC 9449 §10.1)', async () => {
    for (const [client, basic] of CLIENTS) {
      const { reply } = await push(client, basic, holder, { dpop_jkt: thief.jkt });
      assertTokenError(reply, 'invalid_dpop_proof', client.clientId);
      assert.equal('request_uri' in reply.body, false);
      assertTokenError((await push(client, basic, undefined, { dpop_jkt: 'x' })).reply, 'invalid_request', 'no thumbprint');
      for (const [by, jkt] of [
        [holder, holder.jkt],
        [holder, undefined],
        [undefined, holder.jkt],
      ] as const)
        assert.equal((await push(client, basic, by, jkt === undefined ? {} : { dpop_jkt: jkt })).reply.status, 201);
    }
  });

  test('DPO-12 · a code whose key the request named is good for that key alone (RFC 9449 §10)', async () => {
    const agent = await signedIn(here.issuer);
    for (const [client, basic] of CLIENTS) {
      const answer = await authorizeAs(agent, { ...client, parameters: { dpop_jkt: holder.jkt } }, USER);
      await assertBound(client, basic, codeOf(answer), answer.verifier);
    }
  });

  test('DPO-12 · so is one whose request was pushed with a proof, or with dpop_jkt; beside the request_uri nobody names another (RFC 9449 §10.1)', async () => {
    const agent = await signedIn(here.issuer);
    for (const [client, basic] of CLIENTS) {
      for (const [by, more] of [
        [holder, {}],
        [undefined, { dpop_jkt: holder.jkt }],
        [holder, { dpop_jkt: holder.jkt }],
      ] as const) {
        const { reply, verifier } = await push(client, basic, by, more);
        await assertBound(client, basic, await comeWith(agent, client, reply.body['request_uri']), verifier);
      }
      const { reply, verifier } = await push(client, basic, holder);
      const query = new URLSearchParams({
        client_id: client.clientId,
        request_uri: String(reply.body['request_uri']),
        dpop_jkt: thief.jkt,
      });
      const page = await agent.get(`/oauth/authorize?${query.toString()}`);
      await assertBound(client, basic, page.answer.get('code') ?? assert.fail('no code'), verifier);
    }
  });

  test('DPO-12 · a proof that was pushed is used up by that (RFC 9449 §11.1)', async () => {
    const dpop = holder.prove({ htm: 'POST', htu: `${here.issuer}/oauth/par`, iat: now(here) });
    const once = (): Promise<Response> =>
      fetch(`${here.issuer}/oauth/par`, {
        method: 'POST',
        headers: { dpop },
        body: new URLSearchParams({
          client_id: 'spa',
          response_type: 'code',
          redirect_uri: SPA.redirectUri,
          code_challenge: pkce().challenge,
          code_challenge_method: 'S256',
        }),
      });
    assert.deepEqual([(await once()).status, (await once()).status], [201, 400]);
  });

  test('DPO-12 · the code of a key brings an ID token of its own browser, and the access token of the key (RFC 9449 §6.1)', async () => {
    const agent = await signedIn(here.issuer);
    const { reply, verifier } = await push(SPA, undefined, holder, { scope: 'openid read' });
    const tokens = await send(
      '/oauth/token',
      {
        grant_type: 'authorization_code',
        code: await comeWith(agent, SPA, reply.body['request_uri']),
        redirect_uri: SPA.redirectUri,
        code_verifier: verifier,
        client_id: 'spa',
      },
      holder,
    );
    assert.deepEqual(claimsOf(tokens.body['access_token'])['cnf'], { jkt: holder.jkt });
    assert.equal('cnf' in claimsOf(tokens.body['id_token']), false);
  });
});
