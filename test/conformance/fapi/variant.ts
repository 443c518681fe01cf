/** What one run of a FAPI 2.0 module varies in. */
export interface FapiVariant {
  readonly openid: 'openid_connect' | 'plain_oauth';
  readonly clientAuth: 'private_key_jwt' | 'mtls';
  readonly senderConstrain: 'dpop' | 'mtls';
  /** Whether requests are signed objects (RFC 9101). */
  readonly request: 'unsigned' | 'signed';
  /** Whether answers are signed (JARM). */
  readonly answer: 'plain' | 'jarm';
}

export type ClientVariant = Pick<FapiVariant, 'clientAuth' | 'senderConstrain' | 'request' | 'answer'>;

const OPENIDS = ['openid_connect', 'plain_oauth'] as const;
const CLIENT_AUTHS = ['private_key_jwt', 'mtls'] as const;
const SENDERS = ['dpop', 'mtls'] as const;
const REQUESTS = ['unsigned', 'signed'] as const;
const ANSWERS = ['plain', 'jarm'] as const;

/** Every kind of client that there is to register. */
export const CLIENT_VARIANTS: readonly ClientVariant[] = CLIENT_AUTHS.flatMap((clientAuth) =>
  SENDERS.flatMap((senderConstrain) =>
    REQUESTS.flatMap((request) => ANSWERS.map((answer): ClientVariant => ({ clientAuth, senderConstrain, request, answer }))),
  ),
);

/** The eight variants of a plan, with requests and answers of one kind. */
export function eachVariant(request: FapiVariant['request'], answer: FapiVariant['answer']): readonly FapiVariant[] {
  return OPENIDS.flatMap((openid) =>
    CLIENT_VARIANTS.filter((one) => one.request === request && one.answer === answer).map((one): FapiVariant => ({ openid, ...one })),
  );
}

/** `openid_connect, private_key_jwt, dpop`, and what is signed: what tells the columns of a plan apart. */
export function fapiVariantName({ openid, clientAuth, senderConstrain, request, answer }: FapiVariant): string {
  const signed = [...(request === 'signed' ? ['JAR'] : []), ...(answer === 'jarm' ? ['JARM'] : [])];
  return [openid, clientAuth, senderConstrain, ...signed].join(', ');
}
