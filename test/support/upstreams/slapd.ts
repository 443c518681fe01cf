import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'ldapts';
import { testCertificate } from '../certificate.ts';
import { freePort } from '../hufu.ts';

/** OpenLDAP's server with a directory of its own on loopback, plain and with TLS. */
export interface Slapd {
  /** `ldaps://localhost:port` */
  readonly secureUrl: string;
  /** `ldap://localhost:port` */
  readonly plainUrl: string;
  /** PEM file of the certificate's authority. */
  readonly ca: string;
  /** PEM file of an authority that has nothing to do with it. */
  readonly foreignCa: string;
  add(dn: string, attributes: Readonly<Record<string, string | readonly string[]>>): Promise<void>;
  remove(dn: string): Promise<void>;
  rename(dn: string, rdn: string): Promise<void>;
  stop(): Promise<void>;
}

export const BASE_DN = 'dc=example,dc=com';
export const READER = { dn: `cn=reader,${BASE_DN}`, password: 'reader-password' } as const;
const ADMIN = { dn: `cn=admin,${BASE_DN}`, password: 'admin-password' } as const;
const READY_TRIES = 200;

export async function startSlapd(): Promise<Slapd> {
  const folder = mkdtempSync(join(tmpdir(), 'hufu-slapd-'));
  mkdirSync(join(folder, 'data'));
  const [own, foreign] = [testCertificate(), testCertificate()];
  for (const [name, text] of [
    ['cert.pem', own.cert],
    ['key.pem', own.key],
    ['foreign.pem', foreign.cert],
  ] as const)
    writeFileSync(join(folder, name), text);
  writeFileSync(join(folder, 'slapd.conf'), configOf(folder));
  const [plain, secure] = [await freePort(), await freePort()];
  const urls = `ldap://127.0.0.1:${plain} ldaps://127.0.0.1:${secure}`;
  const child = spawn(process.env['HUFU_TEST_SLAPD'] ?? '/usr/sbin/slapd', ['-h', urls, '-f', join(folder, 'slapd.conf'), '-d', '0'], {
    stdio: 'ignore',
  });
  const gone = once(child, 'exit');
  const endWithUs = (): boolean => child.kill('SIGKILL');
  process.once('exit', endWithUs);
  const client = new Client({ url: `ldap://127.0.0.1:${plain}`, timeout: 30_000, connectTimeout: 30_000 });
  for (let tries = 0; ; tries++) {
    if (child.exitCode !== null || tries > READY_TRIES) throw new Error(`slapd did not start (${child.exitCode})`);
    const ready = await client.bind(ADMIN.dn, ADMIN.password).then(
      () => true,
      () => false,
    );
    if (ready) break;
    await sleep(25);
  }
  const add: Slapd['add'] = (dn, attributes) =>
    client.add(
      dn,
      Object.fromEntries(Object.entries(attributes).map(([name, value]) => [name, typeof value === 'string' ? value : [...value]])),
    );
  await add(BASE_DN, { objectClass: ['dcObject', 'organization'], dc: 'example', o: 'Example' });
  await add(READER.dn, { objectClass: ['organizationalRole', 'simpleSecurityObject'], cn: 'reader', userPassword: READER.password });
  await add(`ou=people,${BASE_DN}`, { objectClass: 'organizationalUnit', ou: 'people' });
  return {
    secureUrl: `ldaps://localhost:${secure}`,
    plainUrl: `ldap://localhost:${plain}`,
    ca: join(folder, 'cert.pem'),
    foreignCa: join(folder, 'foreign.pem'),
    add,
    remove: (dn) => client.del(dn),
    rename: (dn, rdn) => client.modifyDN(dn, rdn),
    async stop() {
      await client.unbind();
      child.kill('SIGTERM');
      await gone;
      process.removeListener('exit', endWithUs);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Nobody reads anything without the reader's password, and no unauthenticated bind succeeds where it could be refused: the default allows it, as directories in the field do. */
function configOf(folder: string): string {
  return `
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
allow bind_anon_cred bind_anon_dn
TLSCACertificateFile ${folder}/cert.pem
TLSCertificateFile ${folder}/cert.pem
TLSCertificateKeyFile ${folder}/key.pem
database mdb
suffix "${BASE_DN}"
rootdn "${ADMIN.dn}"
rootpw ${ADMIN.password}
directory ${folder}/data
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact="${READER.dn}" read by * none
`;
}
