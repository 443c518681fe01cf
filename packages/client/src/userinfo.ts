import { type Answer, ask, malformed, refusal } from './ask.ts';
import type { Client } from './client.ts';
import { mismatch } from './client-error.ts';
import { dpopProof } from './dpop.ts';
import type { Claims } from './id-token.ts';

export interface UserinfoRequest {
  readonly accessToken: string;
  /** Of the ID token: the answer has to be about the same person (OpenID Connect Core §5.3.2). */
  readonly sub: string;
  readonly dpopKey?: CryptoKeyPair | undefined;
  readonly signal?: AbortSignal;
}

/** Claims about whoever is signed in (OpenID Connect Core §5.3). Throws `ClientError`. */
export async function fetchUserinfo(client: Client, { accessToken, sub, dpopKey, signal }: UserinfoRequest): Promise<Claims> {
  const url = (await client.metadata(signal)).endpoint('userinfo_endpoint');
  const send = async (): Promise<{ readonly answer: Answer; readonly isNonceOther: boolean }> => {
    const nonce = client.nonces.of(url);
    const headers = new Headers({ authorization: `${dpopKey === undefined ? 'Bearer' : 'DPoP'} ${accessToken}` });
    if (dpopKey !== undefined)
      headers.set('dpop', await dpopProof(dpopKey, { method: 'GET', url, accessToken, nowMs: client.nowMs(), nonce }));
    const answer = await ask(client.fetch, url, { headers }, signal);
    return { answer, isNonceOther: dpopKey !== undefined && client.nonces.keep(url, answer.headers.get('dpop-nonce'), nonce) };
  };
  const first = await send();
  // RFC 9449 §9: once more with the nonce that it wants to see.
  const { answer } = first.answer.status === 401 && first.isNonceOther ? await send() : first;
  if (answer.status !== 200) throw refusal(answer, 'the userinfo endpoint');
  if (answer.body === undefined) throw malformed('the userinfo endpoint answered with something that is no JSON object', answer.status);
  if (answer.body['sub'] !== sub) throw mismatch('sub', 'the userinfo answer is about somebody else');
  return answer.body;
}
