import { html } from '../html.ts';
import { largestUnit } from '../largest-unit.ts';
import type { VerifyMessages } from './verify.ts';

function duration(seconds: number): string {
  const { count, unit } = largestUnit(seconds);
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}

/** English. */
export const verifyEn: VerifyMessages = {
  heading: 'One more step',
  stepUpHeading: 'Show that it is you',
  account: (user) => html`Account ${user}`,
  totpLead: 'Type the code that your authenticator app shows now.',
  totpCode: 'Code',
  totpHint: 'Six digits; a new code comes every 30 seconds.',
  recoveryLead: 'Type one of the recovery codes that you have kept.',
  recoveryCode: 'Recovery code',
  recoveryHint: (left) => (left === 1 ? 'This is your last one.' : `Each works once. You have ${left} left.`),
  passkeyLead: 'Use your passkey: your finger, your face, or the PIN of your device or security key.',
  submit: 'Continue',
  cancel: 'Cancel',
  skip: 'Not now',
  wished: 'The app would like to be surer that it is you. You can go on without.',
  trust: (days) => `Trust this device for ${days} ${days === 1 ? 'day' : 'days'}`,
  trustHint: 'You are not asked for this step here until then. Only for a device that is yours alone.',
  anotherWay: 'Another way',
  ways: { totp: 'Code from your authenticator app', recovery_code: 'Recovery code', passkey: 'Passkey' },
  titleProblem: 'Not signed in',
  wrong: {
    totp: 'This code is not right, or has been used. Wait for the next one and type that. If no code works, check the clock of your device.',
    recovery_code: 'This is none of your recovery codes, or it has been used. Try the next one on your list.',
  },
  slowedDown: (seconds) => `Too many wrong codes. Wait ${duration(seconds)}, then try again.`,
  off: 'Too many wrong codes in a row: codes from the app are not taken any more. Use a passkey or a recovery code; after that they are taken again.',
  over: 'That took too long, or something about your account changed meanwhile. Please sign in again.',
  freshLead: 'You are about to change something important. Sign in once more to show that it is you.',
  enrol: {
    heading: 'Protect your account',
    lead: 'A password alone is not enough here. Set up an authenticator app once; from then on you type a code of it when you sign in.',
    scan: 'Scan this with your authenticator app',
    scanMeaning: 'Any app for one-time codes will do: the one in your password manager, or one from your phone’s app store.',
    cannotScan: 'You cannot scan? Type this key into the app:',
    qrLabel: 'QR code with the key for your authenticator app',
    type: 'Type the code that the app shows',
    submit: 'Set up',
    wrong: 'This code is not right. Wait for the next one and type that; the clock of your device has to be right too.',
    over: 'That took too long. Here is a new key: remove the old entry from your app, and scan again.',
    or: 'or',
    copy: 'Copy',
    copied: 'Copied',
  },
  enrolMail: {
    lead: (address) =>
      html`You are about to set up what protects your account from now on. First show that it is yours: we send a code to ${address}.`,
    send: 'Send the code',
    again: 'Send another code',
  },
  codes: {
    heading: 'Keep your recovery codes',
    lead: 'If you lose your phone, one of these codes signs you in instead. Each works once.',
    once: 'They are shown this one time. Write them down, print this page, or keep them in your password manager.',
    kept: 'I have kept them: continue',
    copy: 'Copy all',
    copied: 'Copied',
  },
};
