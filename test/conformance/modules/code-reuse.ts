import assert from 'node:assert/strict';
import type { Client } from '../suite/client.ts';
import { type Flow, signIn } from '../suite/flow.ts';
import type { HttpReply } from '../suite/https-client.ts';
import type { ModuleRun } from '../suite/module-run.ts';
import { obtainClient } from '../suite/registration.ts';
import { codeRequest, readTokenError, tokenRequest } from '../suite/token-endpoint.ts';
import { callUserinfo } from '../suite/userinfo.ts';
import type { Module } from './module.ts';

/** oidcc-codereuse: at once. */
export const codeReuse: Module = async (run) => {
  const client = await obtainClient(run);
  const reply = await useAgain(run, client, await signIn(run, client));
  run.should(reply.status !== 200, 'a code was worth tokens twice');
  if (reply.status !== 200) assertRefused(reply);
};

/** oidcc-codereuse-30seconds: later, and what the first use brought falls (RFC 6749 §4.1.2). */
export const codeReuse30Seconds: Module = async (run) => {
  const client = await obtainClient(run);
  const flow = await signIn(run, client);
  await run.provider.wait(30);
  assertRefused(await useAgain(run, client, flow));
  const { status } = await callUserinfo(run, flow.accessToken ?? '');
  run.should(status >= 400 && status < 500, `the access token of a code that was used twice still works (${status})`);
};

function useAgain(run: ModuleRun, client: Client, { answer }: Flow): Promise<HttpReply> {
  return tokenRequest(run, client, codeRequest(client, answer.get('code') ?? ''));
}

function assertRefused(reply: HttpReply): void {
  assert.equal(reply.status, 400);
  assert.equal(readTokenError(reply), 'invalid_grant');
}
