import { makeCertificate } from '@hufu/server/testing/certificates';

/** A certificate of a test's own and its key, as PEM. */
export interface TestCertificate {
  readonly cert: string;
  readonly key: string;
}

/** A self-signed certificate (RFC 5280 §4.1) for `localhost`, 127.0.0.1 and further names. */
export function testCertificate(moreNames: readonly string[] = []): TestCertificate {
  const hosts = ['localhost', ...moreNames].map((host) => ['dns', host] as const);
  return makeCertificate({ subject: [['CN', 'localhost']], altNames: [...hosts, ['ip', '127.0.0.1']] });
}
