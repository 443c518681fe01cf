import { OAuthError } from '@hufu/protocol/errors';

/** The client's policy lets nobody use it on more devices, and refuses the newest: the code stays as it is, to be exchanged once there is room. */
export function tooManyDevices(): OAuthError {
  return new OAuthError('invalid_grant', 'too many devices: the user has to sign out at one of them first', { detail: 'too_many_devices' });
}
