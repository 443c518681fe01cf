import { html } from '../html.ts';
import type { DevicesMessages } from './devices.ts';

function devices(count: number): string {
  return count === 1 ? 'one device' : `${count} devices`;
}

const KINDS = { desktop: 'a computer', mobile: 'a phone', tablet: 'a tablet', tv: 'a television', other: 'another device' } as const;

/** English. */
export const devicesEn: DevicesMessages = {
  full: 'You are signed in on too many devices',
  fullLead: (count) => `Sign out on ${devices(count)} to go on here.`,
  fullAtClient: (client) => html`You use ${client} on too many devices.`,
  fullAtClientLead: (count) => `Stop using it on ${devices(count)} to go on here.`,
  choose: 'Where you are signed in',
  signOut: 'Sign out there and continue',
  signOutAtClient: 'Stop there and continue',
  tooFew: (count) => `Choose at least ${devices(count)}.`,
  elsewhere: 'Continue on this device?',
  elsewhereLead: (client) => html`You have been using ${client} on another device since you signed in here.`,
  elsewhereMeaning: 'If you continue here, you are signed out of it there.',
  here: 'Continue here',
  cancel: 'Cancel',
  account: (user) => html`Account ${user}`,
  unnamed: 'Unknown device',
  lastUsed: (when) => html`Last used: ${when}`,
  titleProblem: 'Problem',
  replaced: (when, device) => `You were signed out here because you signed in on ${KINDS[device ?? 'other']} (${when}).`,
};
