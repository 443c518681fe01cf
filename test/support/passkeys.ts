import type { Context } from '@hufu/server/context';
import { Trail } from '@hufu/server/decisions/trail';
import type { PasskeyOptions } from '@hufu/server/passkeys/options';
import { registerPasskey, registrationOptions } from '@hufu/server/passkeys/register';
import { type Lies, type SoftPasskey, type SoftPasskeyOptions, softPasskey } from '@hufu/server/testing/authenticator';
import type { Agent, Page } from './agent.ts';

/** Gives somebody a passkey, past the pages. */
export async function givePasskey(
  context: Context,
  username: string,
  kind: NonNullable<SoftPasskeyOptions['kind']> = 'counts',
): Promise<SoftPasskey> {
  const user = await context.store.findUserByName(context.tenant, username);
  if (user === undefined) throw new Error(`no user ${username}`);
  const holder = { user, root: 'a test', session: undefined };
  const nowMs = context.clock.nowMs();
  const options = await registrationOptions(context, BROWSER, holder, nowMs);
  if (options === undefined) throw new Error('no passkeys here: the issuer is an IP address');
  const soft = softPasskey({ origin: context.issuer, kind });
  const answer = { challenge: options.challenge, credential: soft.create(options), name: 'Phone' };
  const registered = await registerPasskey(context, BROWSER, holder, answer, new Trail(), nowMs);
  if (registered.kind !== 'added') throw new Error(registered.detail);
  return soft;
}

const BROWSER = 'browser-id-of-24-charact';

/** What the script of a page gets when it asks what to sign. */
export async function optionsOf(agent: Agent, page: Page, path = '/signin/passkey/options'): Promise<PasskeyOptions> {
  const reply = await agent.post(path, page.hidden, { 'sec-fetch-site': 'same-origin', accept: 'application/json' });
  if (reply.status !== 200) throw new Error(`${reply.status} ${reply.text.slice(0, 200)}`);
  return JSON.parse(reply.text);
}

/** Shows a passkey on a page that asks for one, as its script does. */
export async function showPasskey(agent: Agent, page: Page, soft: SoftPasskey, lies: Lies = {}): Promise<Page> {
  const options = await optionsOf(agent, page);
  return agent.post('/signin/passkey', { ...page.hidden, challenge: options.challenge, credential: soft.get(options, lies) });
}
