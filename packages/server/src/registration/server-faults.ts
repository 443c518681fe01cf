import type { Profile } from '@hufu/protocol/profiles/profile';
import type { Config } from '../config/config.ts';

/** What the server itself lacks for a profile, which no client can make good. */
export interface ServerFault {
  /** The member of hufu.yaml to change. */
  readonly setting: string;
  readonly message: string;
}

/** FAPI 2.0 Security Profile §5.2, §5.4.1, FAPI 1.0 Advanced §8.5, §8.6: TLS, and signatures of its kind only, also ours. */
export function findServerFaults({ rules }: Profile, { issuer, resources }: Pick<Config, 'issuer' | 'resources'>): readonly ServerFault[] {
  const { signatureAlgs } = rules;
  if (signatureAlgs === undefined) return [];
  const faults: ServerFault[] = [];
  if (!issuer.startsWith('https:')) faults.push({ setting: 'issuer', message: 'the issuer is plain http, which it does not allow' });
  for (const [at, { identifier, tokenFormat, signingAlg }] of resources.entries()) {
    if (tokenFormat !== 'jwt' || signatureAlgs.includes(signingAlg)) continue;
    const message = `access tokens for ${identifier} are signed with ${signingAlg}; it knows ${signatureAlgs.join(', ')}`;
    faults.push({ setting: `resources[${at}].signing_alg`, message });
  }
  return faults;
}
