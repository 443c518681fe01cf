import { OAuthError } from '@hufu/protocol/errors';
import type { Form } from '@hufu/protocol/form';
import { defaultResponseMode, findResponseType } from '@hufu/protocol/response-type';
import type { ResponseMode, ReturnAddress, ReturnPath } from './authorization-request.ts';

/** UTF-16 units of `state` that come back as they went; longer ones are refused. */
export const MAX_STATE = 2_048;

/** What may be asked for; `jwt` is short for the default mode of the response type, as a JWT (JARM §2.3.4). */
export const RESPONSE_MODES: readonly (ResponseMode | 'jwt')[] = [
  'query',
  'fragment',
  'form_post',
  'jwt',
  'query.jwt',
  'fragment.jwt',
  'form_post.jwt',
];

/**
 * How even an error travels back. A mode that is not to be had is answered in the default one of the response type, and is then itself the
 * error; a state that cannot be sent back as it came is left out.
 */
export function readReturnPath(form: Form, address: ReturnAddress, pushed: ReturnPath['pushed']): ReturnPath {
  const asked = readMode(form);
  const mode = asked !== undefined && findModeFault(asked, form, address) === undefined ? asked : defaultMode(form);
  const state = form.get('state');
  return { ...address, mode, state: findStateFault(state, mode) === undefined ? state : undefined, pushed };
}

/**
 * How it travels back that a request object was refused. What mode that asked for nobody knows: a client that has to get answers that are JWTs
 * gets this one as a JWT (FAPI 1.0 Advanced §5.2.2.2).
 */
export function readRefusalPath(form: Form, address: ReturnAddress): ReturnPath {
  const path = readReturnPath(form, address, undefined);
  const signs = address.client.metadata.authorizationSignedResponseAlg !== undefined && mustSignAnswer(form, address);
  return signs && !isJwtMode(path.mode) ? { ...path, mode: `${path.mode}.jwt` } : path;
}

/**
 * `response_mode` (OAuth Multiple Response Types §2.1, JARM §2.3): one that there is, that the client registered where it registered any, and that
 * can carry the answer there; and whether `state` comes back as it went. Throws `invalid_request`.
 */
export function checkResponseMode(form: Form, path: ReturnPath): void {
  const asked = readMode(form);
  if (form.get('response_mode') !== undefined && asked === undefined)
    throw new OAuthError('invalid_request', 'the response_mode is not supported');
  const unfit = asked === undefined ? undefined : findModeFault(asked, form, path);
  if (unfit !== undefined) throw new OAuthError('invalid_request', unfit);
  if (mustSignAnswer(form, path) && (asked === undefined || !isJwtMode(asked)))
    throw new OAuthError('invalid_request', 'the client has to ask for an answer that is a JWT', { detail: asked ?? 'not said' });
  const registered = path.client.metadata.responseModes;
  if (registered !== undefined && !registered.includes(path.mode) && !registered.includes(form.get('response_mode') ?? '')) {
    throw new OAuthError('invalid_request', 'the client is not registered for this response_mode', { detail: path.mode });
  }
  const fault = findStateFault(form.get('state'), path.mode);
  if (fault !== undefined) throw new OAuthError('invalid_request', fault);
}

/** An ID token in the answer is a signature of it (FAPI 1.0 Advanced §5.2.2). */
function mustSignAnswer(form: Form, { client }: ReturnAddress): boolean {
  const { rules, authorizationSignedResponseAlg } = client.metadata;
  if (rules.signedAnswer === 'optional' || findResponseType(form.get('response_type') ?? '')?.idToken === true) return false;
  return rules.signedAnswer === 'required' || authorizationSignedResponseAlg !== undefined;
}

type JwtMode = Extract<ResponseMode, `${string}.jwt`>;

function isJwtMode(mode: ResponseMode): mode is JwtMode {
  return mode.endsWith('.jwt');
}

function readMode(form: Form): ResponseMode | undefined {
  const asked = RESPONSE_MODES.find((mode) => mode === form.get('response_mode'));
  return asked === 'jwt' ? `${defaultMode(form)}.jwt` : asked;
}

/** Also for a response type that there is not: the error is an answer of its kind. */
function defaultMode(form: Form): 'query' | 'fragment' {
  const text = form.get('response_type');
  return defaultResponseMode(findResponseType(text ?? '')?.name ?? text);
}

/**
 * A form is posted to web sites alone, not to a program's own scheme; a token never stands in a query, which servers log (Multiple Response Types
 * §3, §5), unless it is encrypted (JARM §2.3.1).
 */
function findModeFault(mode: ResponseMode, form: Form, { client, redirectUri }: ReturnAddress): string | undefined {
  if (mode.startsWith('form_post') && !/^https?:/.test(redirectUri)) return 'the response_mode cannot reach this redirect_uri';
  const readable = mode === 'query' || (mode === 'query.jwt' && client.metadata.authorizationEncryption === undefined);
  return readable && defaultMode(form) === 'fragment' ? 'a token cannot be answered by query' : undefined;
}

function findStateFault(state: string | undefined, mode: ResponseMode): string | undefined {
  if (state === undefined) return undefined;
  if (state.length > MAX_STATE) return `state is longer than ${MAX_STATE} characters`;
  // Forms change line breaks and lose NUL on their way.
  return mode === 'form_post' && /[\0\r\n]/.test(state) ? 'state has characters that a form cannot carry' : undefined;
}
