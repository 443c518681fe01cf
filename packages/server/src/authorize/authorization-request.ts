import type { AuthorizationDetails } from '@hufu/protocol/authorization-details';
import type { ClaimsRequest } from '@hufu/protocol/claims-request';
import type { Form } from '@hufu/protocol/form';
import type { ResponseType } from '@hufu/protocol/response-type';
import type { Client } from '../clients.ts';
import type { AskedAcr } from './check-acr.ts';
import type { PushedReference } from './pushed-request.ts';

/** How the answer travels (OAuth Multiple Response Types §2.1, Form Post Response Mode §2), as one JWT where it says so (JARM §2.3). */
export type ResponseMode = 'query' | 'fragment' | 'form_post' | 'query.jwt' | 'fragment.jwt' | 'form_post.jwt';

/** Where an answer may be sent: a client and one of its registered redirect URIs. Made by the first two checks alone. */
export interface ReturnAddress {
  readonly client: Client;
  readonly redirectUri: string;
}

/** What an error needs to be sent back to the client. */
export interface ReturnPath extends ReturnAddress {
  readonly mode: ResponseMode;
  readonly state: string | undefined;
  /** The pushed request that this answers, which is answered once (RFC 9126 §4); undefined where the client came with its parameters. */
  readonly pushed: PushedReference | undefined;
}

/** An authorization request (RFC 6749 §4.1.1, OpenID Connect Core §3.1.2.1) that has passed every check but those about the user. */
export interface AuthorizationRequest extends ReturnPath {
  readonly responseType: ResponseType;
  readonly scopes: readonly string[];
  readonly resources: readonly string[];
  /** Undefined where the answer has no code, or the client need not have one. */
  readonly codeChallenge: string | undefined;
  /** The key that the code is bound to (RFC 9449 §10), as `formatConfirmation` writes it. */
  readonly boundKey: string | undefined;
  /** What is asked for beside scopes (RFC 9396 §2); empty for nothing. */
  readonly authorizationDetails: AuthorizationDetails;
  readonly nonce: string | undefined;
  readonly prompt: readonly Prompt[];
  /** Seconds; the strictest of the request's and the client's. */
  readonly maxAge: number | undefined;
  /** The `sub` of the one whom the client expects (`id_token_hint`, or the `claims` parameter); nobody else gets an answer for it. */
  readonly expectedSubject: string | undefined;
  readonly loginHint: string | undefined;
  readonly uiLocales: string | undefined;
  /** How strong an authentication it asks for. */
  readonly acr: AskedAcr;
  /** Single claims (OpenID Connect Core §5.5) that this client may ask for. */
  readonly claims: ClaimsRequest;
  /** Languages of the claims, best first. */
  readonly claimsLocales: readonly string[];
  /** Asked for `offline_access`, whether or not it was heard. */
  readonly askedOffline: boolean;
  /**
   * What goes along through our pages: the parameters that count, those of a request object among them by now; or the `request_uri` of a pushed
   * request, which stays where it is.
   */
  readonly form: Form;
  /** The parameters that were judged, wherever they stood. */
  readonly judged: Form;
}

export type Prompt = 'none' | 'login' | 'consent' | 'select_account' | 'create';
