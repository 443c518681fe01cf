// @ts-check
/** Sign-in with a code and PKCE, for an app that lives in the browser: what any OAuth client does, without a library. */
import { nowMs } from './clock.js';
import { findTokens, forgetTokens, keepPending, keepTokens, sayLater, takePending } from './session.js';
import { decodeJwt } from './tokens.js';

/** @typedef {import('./session.js').Tokens} Tokens */
/** @typedef {{ issuer: string, clientId: string, redirectUri: string, home: string, resource: string, scope: string }} Settings */
/** @typedef {(method: string, path: string, status: number | undefined) => void} Log a request that was made; without a status it got no answer */

/** Why something did not work, by the name of the sentence that says so. */
export class Failure extends Error {
  /**
   * @param {'failedState' | 'failedIssuer' | 'failedAnswer' | 'failedIdToken' | 'failedNetwork' | 'failedRefused' | 'failedEnded' | 'saidNo'} kind
   * @param {string} [detail]
   */
  constructor(kind, detail = '') {
    super(`${kind} ${detail}`);
    this.kind = kind;
    this.detail = detail;
  }
}

export class OAuthClient {
  #settings;
  #log;
  /** @type {Promise<Tokens> | undefined} */
  #refreshing;
  /** @type {Promise<Record<string, string>> | undefined} */
  #metadata;

  /**
   * @param {Settings} settings
   * @param {Log} log
   */
  constructor(settings, log) {
    this.#settings = settings;
    this.#log = log;
  }

  /**
   * Leaves for the server (RFC 6749 §4.1.1, RFC 7636 §4.3, RFC 8707 §2).
   * @param {string} locale
   */
  async signIn(locale) {
    const { clientId, redirectUri, scope, resource } = this.#settings;
    const pending = { state: random(), nonce: random(), verifier: random(), locale };
    const { authorization_endpoint: endpoint = '' } = await this.#discover();
    const url = new URL(endpoint);
    const parameters = {
      response_type: 'code',
      client_id: clientId,
      redirect_uri: redirectUri,
      scope,
      resource,
      state: pending.state,
      nonce: pending.nonce,
      code_challenge: await sha256(pending.verifier),
      code_challenge_method: 'S256',
      ui_locales: locale,
    };
    for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
    keepPending(pending);
    location.assign(url);
  }

  /**
   * Takes the answer that came with the redirect: is it ours (`state`), is it from whom we asked (`iss`, RFC 9207 §2.4), and only then is
   * the code turned into tokens (RFC 6749 §4.1.3).
   * @param {URLSearchParams} answer
   * @returns {Promise<{ tokens: Tokens, locale: string }>}
   */
  async finish(answer) {
    const { issuer, clientId, redirectUri } = this.#settings;
    const pending = takePending();
    if (pending === undefined || one(answer, 'state') !== pending.state) throw new Failure('failedState');
    if (one(answer, 'iss') !== issuer) throw new Failure('failedIssuer');
    const error = one(answer, 'error');
    if (error === 'access_denied') throw new Failure('saidNo');
    if (error !== undefined) throw new Failure('failedRefused', `${error}. ${one(answer, 'error_description') ?? ''}`);
    const code = one(answer, 'code');
    if (code === undefined) throw new Failure('failedAnswer');
    const grant = {
      grant_type: 'authorization_code',
      code,
      redirect_uri: redirectUri,
      client_id: clientId,
      code_verifier: pending.verifier,
    };
    const reply = await this.#requestTokens(grant);
    const claims = decodeJwt(reply.idToken)?.claims ?? {};
    // OpenID Connect Core §3.1.3.7: it came straight from the server, so the connection stands in for the signature.
    const aud = claims['aud'];
    if (claims['iss'] !== issuer) throw new Failure('failedIdToken', 'iss');
    if (aud !== clientId && !(Array.isArray(aud) && aud.length === 1 && aud[0] === clientId)) throw new Failure('failedIdToken', 'aud');
    if (Number(claims['exp']) * 1000 <= nowMs() - 60_000) throw new Failure('failedIdToken', 'exp');
    if (claims['nonce'] !== pending.nonce) throw new Failure('failedIdToken', 'nonce');
    keepTokens(reply);
    return { tokens: reply, locale: pending.locale };
  }

  /**
   * New tokens for the refresh token (RFC 6749 §6). Who asks while it is under way gets the same answer.
   * @returns {Promise<Tokens>}
   */
  refresh() {
    this.#refreshing ??= this.#refresh().finally(() => {
      this.#refreshing = undefined;
    });
    return this.#refreshing;
  }

  async #refresh() {
    const before = findTokens();
    if (before?.refreshToken === undefined) throw new Failure('failedEnded');
    const grant = { grant_type: 'refresh_token', refresh_token: before.refreshToken, client_id: this.#settings.clientId };
    const reply = await this.#requestTokens(grant, before);
    const subject = decodeJwt(before.idToken)?.claims['sub'];
    // OpenID Connect Core §12.2: still the same person.
    if (decodeJwt(reply.idToken)?.claims['sub'] !== subject) throw new Failure('failedIdToken', 'sub');
    keepTokens(reply);
    return reply;
  }

  /**
   * Calls a protected address; once, with new tokens, again if the access token no longer holds (RFC 6750 §3.1).
   * @param {string} method
   * @param {string} url
   * @param {object} [body] sent as JSON
   * @returns {Promise<{ status: number, body: any }>}
   */
  async call(method, url, body) {
    const send = (/** @type {string | undefined} */ token) => {
      /** @type {Record<string, string>} */
      const headers = { authorization: `Bearer ${token ?? ''}`, accept: 'application/json' };
      if (body !== undefined) headers['content-type'] = 'application/json';
      return this.#send(url, { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
    };
    const token = findTokens()?.accessToken;
    let reply = await send(token);
    if (reply.status === 401) {
      // Somebody else may have renewed it in the meantime.
      if (findTokens()?.accessToken === token) await this.refresh();
      reply = await send(findTokens()?.accessToken);
    }
    return { status: reply.status, body: await readJson(reply) };
  }

  /**
   * What the server says of the person (OpenID Connect Core §5.3).
   * @returns {Promise<Record<string, unknown>>}
   */
  async userinfo() {
    const { userinfo_endpoint: endpoint = '' } = await this.#discover();
    const { status, body } = await this.call('GET', endpoint);
    return status === 200 ? body : {};
  }

  /** Gives the refresh token back (RFC 7009), forgets the rest, and ends the session at the server (RP-Initiated Logout §2). */
  async signOut() {
    const { clientId, home } = this.#settings;
    const tokens = findTokens();
    const { revocation_endpoint: revocation = '', end_session_endpoint: endSession = '' } = await this.#discover();
    if (tokens?.refreshToken !== undefined) {
      await this.#post(revocation, { token: tokens.refreshToken, token_type_hint: 'refresh_token', client_id: clientId });
    }
    forgetTokens();
    sayLater('signedOut');
    // A form, so that the ID token stands in no address and no log.
    postForm(endSession, { id_token_hint: tokens?.idToken ?? '', client_id: clientId, post_logout_redirect_uri: home });
  }

  /** The server's addresses, from metadata that names the very issuer (RFC 8414 §3.3). */
  #discover() {
    this.#metadata ??= this.#fetchMetadata();
    this.#metadata.catch(() => {
      this.#metadata = undefined;
    });
    return this.#metadata;
  }

  async #fetchMetadata() {
    const { issuer } = this.#settings;
    const reply = await this.#send(`${issuer}/.well-known/openid-configuration`, { headers: { accept: 'application/json' } });
    const metadata = await readJson(reply);
    if (reply.status !== 200 || metadata.issuer !== issuer) throw new Failure('failedAnswer');
    return metadata;
  }

  /**
   * @param {Record<string, string>} grant
   * @param {Tokens} [before] what a refresh leaves as it was
   * @returns {Promise<Tokens>}
   */
  async #requestTokens(grant, before) {
    const { token_endpoint: endpoint = '' } = await this.#discover();
    const reply = await this.#post(endpoint, grant);
    const body = await readJson(reply);
    if (reply.status === 503) throw new Failure('failedNetwork');
    if (body.error === 'invalid_grant' && before !== undefined) throw new Failure('failedEnded');
    if (reply.status !== 200) throw new Failure('failedRefused', `${body.error ?? reply.status}. ${body.error_description ?? ''}`);
    const { access_token: accessToken, refresh_token: refreshToken = before?.refreshToken, id_token: idToken = before?.idToken } = body;
    const isBearer = String(body.token_type).toLowerCase() === 'bearer';
    if (!isBearer || typeof accessToken !== 'string' || typeof idToken !== 'string') throw new Failure('failedAnswer');
    return { accessToken, idToken, refreshToken };
  }

  /**
   * @param {string} url
   * @param {Record<string, string>} fields
   */
  #post(url, fields) {
    return this.#send(url, { method: 'POST', body: new URLSearchParams(fields) });
  }

  /**
   * @param {string} url
   * @param {RequestInit} init
   */
  async #send(url, init) {
    const { pathname } = new URL(url);
    try {
      const reply = await fetch(url, { ...init, credentials: 'omit', redirect: 'error', cache: 'no-store' });
      this.#log(init.method ?? 'GET', pathname, reply.status);
      return reply;
    } catch {
      this.#log(init.method ?? 'GET', pathname, undefined);
      throw new Failure('failedNetwork');
    }
  }
}

/**
 * A parameter that stands once (RFC 6749 §3.1).
 * @param {URLSearchParams} parameters
 * @param {string} name
 */
function one(parameters, name) {
  const values = parameters.getAll(name);
  return values.length === 1 ? values[0] : undefined;
}

/** 256 random bits: 43 characters, as RFC 7636 §4.1 wants them. */
function random() {
  return base64url(crypto.getRandomValues(new Uint8Array(32)));
}

/** @param {string} text */
async function sha256(text) {
  return base64url(new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))));
}

/** @param {Uint8Array} bytes */
function base64url(bytes) {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
}

/**
 * @param {Response} reply
 * @returns {Promise<any>} an empty object where there is no JSON
 */
async function readJson(reply) {
  try {
    return Object(await reply.json());
  } catch {
    return {};
  }
}

/**
 * @param {string} action
 * @param {Record<string, string>} fields
 */
function postForm(action, fields) {
  const form = document.createElement('form');
  form.method = 'post';
  form.action = action;
  for (const [name, value] of Object.entries(fields)) {
    const input = document.createElement('input');
    input.type = 'hidden';
    input.name = name;
    input.value = value;
    form.append(input);
  }
  document.body.append(form);
  form.submit();
}
