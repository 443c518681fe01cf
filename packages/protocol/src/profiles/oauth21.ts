import { NO_PROFILE, type Profile, type ProfileFault, requireOnly } from './profile.ts';

/** OAuth 2.1: the code with PKCE for everybody; what it took out of OAuth 2.0 is not there (OAuth 2.1 §10). */
export const oauth21: Profile = {
  name: 'oauth21',
  rules: { ...NO_PROFILE, codeChallenge: 'required' },
  findFaults(metadata) {
    const faults: ProfileFault[] = [...requireOnly('response_types', metadata.responseTypes, ['code'], 'OAuth 2.1')];
    if (metadata.grantTypes.includes('password'))
      faults.push({ member: 'grant_types', message: 'has password, which OAuth 2.1 does not have' });
    if (metadata.settings.pkce === 'optional')
      faults.push({ member: 'hufu', message: 'has pkce: optional, and OAuth 2.1 always wants PKCE' });
    return faults;
  },
};
