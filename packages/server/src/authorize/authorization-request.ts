import type { Form } from '@hufu/protocol/form';
import type { Client } from '../clients.ts';

/** How the answer travels (OAuth Multiple Response Types §2.1, Form Post Response Mode §2). */
export type ResponseMode = 'query' | 'form_post';

/** Where an answer may be sent: a client and one of its registered redirect URIs. Made by the first two checks alone. */
export interface ReturnAddress {
  readonly client: Client;
  readonly redirectUri: string;
}

/** What an error needs to be sent back to the client. */
export interface ReturnPath extends ReturnAddress {
  readonly mode: ResponseMode;
  readonly state: string | undefined;
}

/** An authorization request (RFC 6749 §4.1.1, OpenID Connect Core §3.1.2.1) that has passed every check but those about the user. */
export interface AuthorizationRequest extends ReturnPath {
  readonly scopes: readonly string[];
  readonly resources: readonly string[];
  readonly codeChallenge: string;
  readonly nonce: string | undefined;
  readonly prompt: readonly Prompt[];
  /** Seconds; the strictest of the request's and the client's. */
  readonly maxAge: number | undefined;
  /** The `sub` of the one whom the client expects (`id_token_hint`); nobody else gets an answer for it. */
  readonly expectedSubject: string | undefined;
  readonly loginHint: string | undefined;
  readonly uiLocales: string | undefined;
  /** Asked for `offline_access`, whether or not it was heard. */
  readonly askedOffline: boolean;
  /** The parameters it came with, for the way through our pages. */
  readonly form: Form;
}

export type Prompt = 'none' | 'login' | 'consent' | 'select_account';
