import { defineProfile, NO_PROFILE, type Profile, type ProfileDemand, requireOnly } from './profile.ts';

/** OAuth 2.1: the code with PKCE for everybody; what it took out of OAuth 2.0 is not there (OAuth 2.1 §10). */
export const oauth21: Profile = defineProfile({
  name: 'oauth21',
  rules: { ...NO_PROFILE, codeChallenge: 'required' },
  findDemands: ({ responseTypes, grantTypes, settings: { pkce } }) => [
    requireOnly('response_types', responseTypes, ['code'], 'OAuth 2.1'),
    forbid('grant_types', 'grant_types', grantTypes, 'password', 'has password, which OAuth 2.1 does not have'),
    forbid('hufu.pkce', 'hufu', pkce === undefined ? [] : [pkce], 'optional', 'has pkce: optional, and OAuth 2.1 always wants PKCE'),
  ],
});

/** @param at the member that a fault is told at */
function forbid(member: string, at: string, has: readonly string[], value: string, message: string): ProfileDemand {
  return { member, rule: 'not', values: [value], has, faults: has.includes(value) ? [{ member: at, message }] : [] };
}
