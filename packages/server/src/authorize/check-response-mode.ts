import { OAuthError } from '@hufu/protocol/errors';
import type { Form } from '@hufu/protocol/form';
import type { ResponseMode, ReturnAddress, ReturnPath } from './authorization-request.ts';

/** UTF-16 units of `state` that come back as they went; longer ones are refused. */
export const MAX_STATE = 2_048;

export const RESPONSE_MODES: readonly ResponseMode[] = ['query', 'form_post'];

/**
 * How even an error travels back. A mode that is not to be had is answered in the default one, and is then itself the error; a state that
 * cannot be sent back as it came is left out.
 */
export function readReturnPath(form: Form, address: ReturnAddress): ReturnPath {
  const asked = readMode(form);
  const mode = asked !== undefined && canCarry(asked, address) ? asked : 'query';
  const state = form.get('state');
  return { ...address, mode, state: findStateFault(state, mode) === undefined ? state : undefined };
}

/**
 * `response_mode` (OAuth Multiple Response Types §2.1): one that there is, that the client registered where it registered any, and that
 * can reach it; and whether `state` comes back as it went. Throws `invalid_request`.
 */
export function checkResponseMode(form: Form, path: ReturnPath): void {
  const asked = readMode(form);
  if (form.get('response_mode') !== undefined && asked === undefined)
    throw new OAuthError('invalid_request', 'the response_mode is not supported');
  if (asked !== undefined && !canCarry(asked, path))
    throw new OAuthError('invalid_request', 'the response_mode cannot reach this redirect_uri');
  const registered = path.client.metadata.responseModes;
  if (registered !== undefined && !registered.includes(path.mode)) {
    throw new OAuthError('invalid_request', 'the client is not registered for this response_mode', { detail: path.mode });
  }
  const fault = findStateFault(form.get('state'), path.mode);
  if (fault !== undefined) throw new OAuthError('invalid_request', fault);
}

function readMode(form: Form): ResponseMode | undefined {
  return RESPONSE_MODES.find((mode) => mode === form.get('response_mode'));
}

/** A form is posted to web sites alone, not to a program's own scheme. */
function canCarry(mode: ResponseMode, { redirectUri }: ReturnAddress): boolean {
  return mode !== 'form_post' || /^https?:/.test(redirectUri);
}

function findStateFault(state: string | undefined, mode: ResponseMode): string | undefined {
  if (state === undefined) return undefined;
  if (state.length > MAX_STATE) return `state is longer than ${MAX_STATE} characters`;
  // Forms change line breaks and lose NUL on their way.
  return mode === 'form_post' && /[\0\r\n]/.test(state) ? 'state has characters that a form cannot carry' : undefined;
}
