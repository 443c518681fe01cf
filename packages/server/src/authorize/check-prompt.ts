import { OAuthError } from '@hufu/protocol/errors';
import type { Form } from '@hufu/protocol/form';
import type { Client } from '../clients.ts';
import type { Config } from '../config/config.ts';
import type { Prompt } from './authorization-request.ts';

const PROMPTS: readonly Prompt[] = ['none', 'login', 'consent', 'select_account'];

/** The prompt values that count here: `create` where people make their own accounts (OpenID Connect Prompt Create §4.2). */
export function promptValues({ policies }: Pick<Config, 'policies'>): readonly Prompt[] {
  return policies.signUp === 'open' ? [...PROMPTS, 'create'] : PROMPTS;
}

/** `prompt` (OpenID Connect Core §3.1.2.1, Prompt Create §4.1): known values; `none` stands alone. */
export function checkPrompt(form: Form, config: Pick<Config, 'policies'>): readonly Prompt[] {
  const text = form.get('prompt');
  if (text === undefined) return [];
  const supported = promptValues(config);
  const words = text.split(' ', supported.length + 1);
  if (words.length > supported.length) throw new OAuthError('invalid_request', 'prompt has too many values');
  const prompts: Prompt[] = [];
  for (const word of words) {
    const prompt = supported.find((known) => known === word);
    if (prompt === undefined) throw new OAuthError('invalid_request', 'a prompt value is not supported', { detail: word.slice(0, 50) });
    prompts.push(prompt);
  }
  if (prompts.includes('none') && prompts.length > 1) throw new OAuthError('invalid_request', 'prompt=none goes with no other value');
  return prompts;
}

/** `max_age` in seconds, the client's `default_max_age` where the request has none (OpenID Connect Registration §2). */
export function checkMaxAge(form: Form, client: Client): number | undefined {
  const text = form.get('max_age');
  if (text === undefined) return client.metadata.defaultMaxAgeSeconds;
  if (!/^[0-9]{1,9}$/.test(text)) throw new OAuthError('invalid_request', 'max_age is not a number of seconds');
  return Number(text);
}

/** `display` (OpenID Connect Core §3.1.2.1): our pages fit each of them by themselves, so that nothing has to be read. */
export const DISPLAYS: readonly string[] = ['page', 'popup', 'touch'];

const MAX_HINT = 256;

/** `login_hint`: a hint that is too long is no hint. */
export function readLoginHint(form: Form): string | undefined {
  const hint = form.get('login_hint');
  return hint !== undefined && hint.length <= MAX_HINT ? hint : undefined;
}
