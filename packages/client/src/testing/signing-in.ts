import type { Client } from '../client.ts';
import { finishSignIn, type SignedIn } from '../finish-sign-in.ts';
import type { PendingSignIn } from '../pending-sign-in.ts';
import { prepareSignIn, type SignInRequest } from '../sign-in.ts';
import { json, type TestIssuer } from './issuer.ts';

export const CALLBACK = 'https://app.example/cb';

/** The answer of an issuer that is content; `answer` changes its parameters. */
export interface Course {
  readonly request?: Partial<SignInRequest>;
  readonly answer?: (parameters: URLSearchParams) => void;
  readonly pending?: (pending: PendingSignIn) => PendingSignIn;
  /** Members of the ID token. */
  readonly claims?: Record<string, unknown>;
  /** Members of the token answer. */
  readonly tokens?: Record<string, unknown>;
  /** Between the way there and the way back. */
  readonly meanwhile?: () => void | Promise<void>;
  /** Between two attempts. */
  readonly wait?: (ms: number) => Promise<void>;
}

/** A sign-in from the beginning to the end. */
export async function signInWith(world: TestIssuer, client: Client, course: Course = {}): Promise<SignedIn> {
  const { url, pending } = await prepareSignIn(client, { redirectUri: CALLBACK, scope: 'openid', ...course.request });
  const sent = new URL(url).searchParams;
  world.answers.set('/token', async () => {
    const id_token = await world.idToken({ nonce: pending.nonce, ...course.claims });
    return json(200, {
      access_token: 'at',
      token_type: client.dpop === 'always' ? 'DPoP' : 'Bearer',
      expires_in: 600,
      id_token,
      ...course.tokens,
    });
  });
  await course.meanwhile?.();
  const answer = new URLSearchParams({ code: 'c0de', state: sent.get('state') ?? pending.state, iss: world.issuer });
  course.answer?.(answer);
  return finishSignIn(client, `${CALLBACK}?${answer}`, course.pending?.(pending) ?? pending, undefined, course.wait);
}
