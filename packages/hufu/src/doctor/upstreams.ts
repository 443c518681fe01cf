import type { Config, Upstream } from '@hufu/server/config/config';
import type { Context } from '@hufu/server/context';
import { callbackOf } from '@hufu/server/upstream/attempt';
import { examineUpstream } from '@hufu/server/upstream/examine';
import type { Finding } from './finding.ts';

/** Whether each upstream answers, and what its rules let in. */
export async function checkUpstreams(ctx: Context, now: number): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for (const upstream of ctx.config.upstreams) {
    const about = `upstream ${upstream.name}`;
    findings.push(...findRuleFaults(ctx.config, upstream).map((text): Finding => ({ level: 'warning', about, text })));
    if (!upstream.enabled) {
      findings.push({ level: 'ok', about, text: 'is switched off' });
      continue;
    }
    const { fault, warnings } = await examineUpstream(ctx, upstream, now);
    for (const text of warnings) findings.push({ level: 'warning', about, text });
    const returns = upstream.kind === 'ldap' ? '' : `; people come back to ${callbackOf(ctx, upstream)}`;
    findings.push(fault === undefined ? { level: 'ok', about, text: `answers${returns}` } : { level: 'problem', about, text: fault });
  }
  return findings;
}

function findRuleFaults({ policies, issuer }: Config, upstream: Upstream): readonly string[] {
  const faults: string[] = [];
  if (upstream.create && policies.signUp === 'off' && upstream.kind !== 'ldap')
    faults.push('makes accounts for whoever it knows (create), although policies.sign_up is off');
  if (upstream.link === 'verified_email')
    faults.push(
      `signs in whoever it says has an address at ${upstream.domains.join(', ')} as the user with that address here; only for upstreams that run these domains`,
    );
  if (issuer.startsWith('http:') && upstream.preset !== undefined) faults.push('will not send people back to an issuer that is plain http');
  return faults;
}
