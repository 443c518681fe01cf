import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { normalizePassword } from '@hufu/server/accounts/normalize-password';
import { judgePassword, type PasswordFault } from '@hufu/server/accounts/password-policy';
import { systemClock } from '@hufu/server/clock';
import type { Config } from '@hufu/server/config/config';
import type { DeadDelivery } from '@hufu/store/port';
import type { Command } from '../command.ts';
import { checkCertificates } from '../doctor/certificates.ts';
import { checkClients } from '../doctor/clients.ts';
import type { Finding } from '../doctor/finding.ts';
import { checkHost } from '../doctor/host.ts';
import { checkKeys } from '../doctor/keys.ts';
import { checkProfiles, checkRegistered } from '../doctor/profiles.ts';
import { checkUpstreams } from '../doctor/upstreams.ts';
import { isMissing, onlyOptions, withReadOnlyContext } from '../local.ts';

const MAX_DEAD = 100;
const MAX_CLIENTS = 10_000;

/** Looks for what will go wrong or is weaker than it need be. Exit code 1 if something is a problem. */
export const doctor: Command = {
  name: 'doctor',
  summary: 'checks configuration, store and keys, and says what to change',
  usage: 'hufu doctor [--config hufu.yaml] [--json]',
  async run(call) {
    const { json, config } = await onlyOptions(call);
    const findings = [
      ...checkConfig(config),
      ...checkProfiles(config),
      ...(await checkPasswords(config)),
      ...checkFiles(config),
      ...(await checkCertificates(config, systemClock().nowMs())),
      ...(await checkHost(config)),
      ...(await checkStore(call, config)),
    ];
    const problems = findings.filter((finding) => finding.level === 'problem').length;
    call.out(
      json
        ? JSON.stringify({ problems, findings })
        : findings.map((f) => `${{ ok: '✓', warning: '!', problem: '✗' }[f.level]} ${f.about}: ${f.text}`).join('\n'),
    );
    return problems === 0 ? 0 : 1;
  },
};

function checkConfig(config: Config): readonly Finding[] {
  const findings: Finding[] = [];
  const secure = config.issuer.startsWith('https:');
  findings.push(
    secure
      ? { level: 'ok', about: 'issuer', text: config.issuer }
      : {
          level: config.mode === 'production' ? 'problem' : 'warning',
          about: 'issuer',
          text: `${config.issuer} is plain http: good for this machine only`,
        },
  );
  if (config.mode !== 'production' && secure)
    findings.push({ level: 'warning', about: 'mode', text: `${config.mode} on an https issuer; set mode: production` });
  if (secure && config.tls === undefined && config.trustedProxies.length === 0) {
    findings.push({
      level: 'warning',
      about: 'trusted_proxies',
      text: 'an https issuer without tls stands behind a proxy; name it, or every request has the proxy’s address',
    });
  }
  for (const client of config.clients) {
    if (client.metadata['scope'] === undefined)
      findings.push({
        level: 'warning',
        about: `client ${client.clientId}`,
        text: 'has no scope and may ask for every one; name those it needs',
      });
    const secret = client.clientSecret?.reveal();
    if (secret !== undefined && secret.length < 32)
      findings.push({ level: 'warning', about: `client ${client.clientId}`, text: 'its secret is shorter than 32 characters' });
  }
  return findings;
}

const PASSWORD_FAULTS: Readonly<Record<PasswordFault, string>> = {
  too_short: 'is shorter than policies.passwords.min_length',
  too_long: 'is longer than anybody may choose',
  common: 'is one of those that are tried first',
  same_as_account: 'is the user name',
};

/** Passwords in the file are the administrator's business: told, not refused. */
async function checkPasswords({ users, policies }: Config): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for (const { username, password } of users) {
    if (password.kind !== 'plain') continue;
    const fault = await judgePassword(normalizePassword(password.value.reveal()), [username], policies.passwords.minLength);
    if (fault !== undefined) findings.push({ level: 'warning', about: `user ${username}`, text: `the password ${PASSWORD_FAULTS[fault]}` });
  }
  return findings;
}

function checkFiles(config: Config): readonly Finding[] {
  const findings: Finding[] = [];
  const files = [join(config.dataDir, 'master.key'), ...(config.database.kind === 'sqlite' ? [config.database.path] : [])];
  for (const file of files) {
    if (!existsSync(file)) continue;
    const open = (statSync(file).mode & 0o077) !== 0;
    findings.push(
      open
        ? { level: 'problem', about: file, text: 'others can read it; chmod 600' }
        : { level: 'ok', about: file, text: 'readable by its owner alone' },
    );
  }
  return findings;
}

async function checkStore(call: Parameters<Command['run']>[0], config: Config): Promise<readonly Finding[]> {
  if (isMissing(config))
    return [{ level: 'warning', about: 'store', text: `there is no ${config.database.path} yet; hufu start makes it` }];
  try {
    return await withReadOnlyContext(call, config, async (ctx, now, madeKids) => {
      const ahead = Math.round((await ctx.store.time()) / 1000 - systemClock().nowMs() / 1000);
      const missing = config.signing.algorithms.filter((alg) => isMade(ctx.keys.signerFor(alg, now), madeKids));
      const findings: Finding[] = [{ level: 'ok', about: 'store', text: `${ctx.store.kind} answers` }];
      if (ahead > 60)
        findings.push({ level: 'problem', about: 'clock', text: `this machine's clock is ${ahead} seconds behind the store's` });
      findings.push(
        missing.length === 0
          ? { level: 'ok', about: 'keys', text: `a signing key for ${config.signing.algorithms.join(', ')}` }
          : { level: 'warning', about: 'keys', text: `no signing key for ${missing.join(', ')} yet; the next start makes it` },
      );
      findings.push(
        ...checkKeys(
          ctx.keys.list(now).filter(({ kid }) => !madeKids.has(kid)),
          config.signing.rotateEverySeconds,
          now,
        ),
      );
      const clients = await ctx.store.listClients(ctx.tenant, '', MAX_CLIENTS);
      findings.push(...checkClients(clients, config.mode), ...checkRegistered(config, clients));
      findings.push(...(await checkUpstreams(ctx, now)));
      findings.push(...checkDeliveries(await ctx.store.listDeadDeliveries(ctx.tenant, MAX_DEAD)));
      return findings;
    });
  } catch (error) {
    return [{ level: 'problem', about: 'store', text: error instanceof Error ? error.message : 'cannot be opened' }];
  }
}

/** A server of the file would make it. */
function isMade(signer: { readonly kid: string } | undefined, madeKids: ReadonlySet<string>): boolean {
  return signer === undefined || madeKids.has(signer.kid);
}

/** Sign-outs that clients were not told of, in the last 30 days. */
function checkDeliveries(dead: readonly DeadDelivery[]): readonly Finding[] {
  const [last] = dead;
  if (last === undefined) return [];
  const count = dead.length === MAX_DEAD ? `${MAX_DEAD} or more` : String(dead.length);
  const text = `${count} could not be told to a client, the last one to ${last.clientId} (${last.error}); see hufu delivery list`;
  return [{ level: 'warning', about: 'sign-outs', text }];
}
