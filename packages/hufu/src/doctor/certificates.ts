import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { connect } from 'node:tls';
import type { Config } from '@hufu/server/config/config';
import type { Finding } from './finding.ts';

const DAY_MS = 86_400_000;
const ANSWER_MS = 3_000;

/** When the certificates end that clients see: the one of `tls`, and the one at the issuer, which may be a proxy's. */
export async function checkCertificates({ tls, issuer }: Config, nowMs: number): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  if (tls !== undefined) findings.push(judge(`tls.cert`, await endOfFile(tls.cert), nowMs));
  const url = new URL(issuer);
  if (url.protocol === 'https:') {
    const end = await endOfServed(url.hostname, url.port === '' ? 443 : Number(url.port));
    if (end !== undefined) findings.push(judge(`certificate of ${url.host}`, end, nowMs));
  }
  return findings;
}

function judge(about: string, end: number | undefined, nowMs: number): Finding {
  if (end === undefined) return { level: 'problem', about, text: 'is no certificate' };
  const on = new Date(end).toISOString().slice(0, 10);
  const days = Math.floor((end - nowMs) / DAY_MS);
  if (days < 0) return { level: 'problem', about, text: `ended on ${on}: nobody comes in` };
  if (days < 14) return { level: 'warning', about, text: `ends in ${days} ${days === 1 ? 'day' : 'days'} (${on}); renew it` };
  return { level: 'ok', about, text: `good until ${on}` };
}

async function endOfFile(file: string): Promise<number | undefined> {
  try {
    return new X509Certificate(await readFile(file)).validToDate.getTime();
  } catch {
    return undefined;
  }
}

/** Undefined where nobody shows one. Whether it is to be trusted is for those that connect. */
function endOfServed(host: string, port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, servername: host, rejectUnauthorized: false, timeout: ANSWER_MS }, () => {
      const end = socket.getPeerX509Certificate()?.validToDate.getTime();
      socket.destroy();
      resolve(end);
    });
    const nothing = (): void => {
      socket.destroy();
      resolve(undefined);
    };
    socket.once('error', nothing);
    socket.once('timeout', nothing);
  });
}
