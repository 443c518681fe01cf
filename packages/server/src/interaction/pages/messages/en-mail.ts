import { html } from '../html.ts';
import { largestUnit } from '../largest-unit.ts';
import type { MailMessages } from './mail-messages.ts';

function duration(seconds: number): string {
  const { count, unit } = largestUnit(seconds);
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}

/** English. */
export const enMail: MailMessages = {
  address: 'Email address',
  notAnAddress: 'This is not an email address. It looks like name@example.com.',
  tooMany: (seconds) => `Many mails have been asked for from here. Wait ${duration(seconds)}, then try again.`,
  titleProblem: 'Not yet',
  signIn: {
    offer: 'Sign in with a code by email',
    heading: 'Sign in by email',
    lead: 'You get a mail with a code and a link. Either signs you in here.',
    submit: 'Send the mail',
    cancel: 'Cancel',
    otherWays: 'Sign in another way',
  },
  code: {
    heading: 'Check your mail',
    ifThere: (address) => html`If an account goes by ${address}, a mail with a code is on its way there.`,
    sent: (address) => html`A mail with a code is on its way to ${address}.`,
    patience: 'It can take a minute. If it does not come, look into the spam folder too.',
    code: 'Code from the mail',
    submit: 'Continue',
    noCode: 'A code has eight digits.',
    wrong: (left) => `This is not the code. ${left === 1 ? 'One try is' : `${left} tries are`} left.`,
    over: 'This mail is good for nothing any more: its code was used, or wrong too often, or too long ago. Ask for a new one.',
    again: 'Ask for another mail',
  },
  link: {
    heading: 'Sign in here?',
    lead: 'You asked for this in this browser.',
    submit: 'Sign in',
    headingSignUp: 'Confirm the address?',
    leadSignUp: 'You are making an account in this browser.',
    submitSignUp: 'Confirm and go on',
    headingElsewhere: 'Was that you?',
    leadElsewhere: 'Somebody asked for this mail in another browser, and goes on there with a code.',
    warning: 'If anybody is asking you for the code, it was not you: they would be in your account. Nobody who helps you needs it.',
    notMe: 'It was not me',
    showCode: 'It was me: show the code',
    headingCode: 'Type this code there',
    leadCode: 'It is good once, for two minutes, and only in the browser where you asked. The code in the mail is good for nothing now.',
    headingRefused: 'Nobody gets in with it',
    refused: 'Code and link of this mail are good for nothing any more.',
    headingOver: 'This link is over',
    over: 'It was used, or too long ago, or lost a piece when it was copied. Nothing has happened.',
    toSignIn: 'To the sign-in page',
  },
  recover: {
    offer: 'Forgotten the password?',
    heading: 'Forgotten the password?',
    lead: 'You get a mail with a link, with which you choose a new one.',
    submit: 'Send the mail',
    back: 'Back to the sign-in page',
    sentHeading: 'Check your mail',
    sent: (address) =>
      html`A mail is on its way to ${address}. If an account with a password goes by that address, it has a link to choose a new one.`,
    secondHeading: 'One more thing',
    second: 'Your account has a second way to prove that it is you. It is asked for before the password can be replaced.',
    secondSubmit: 'Continue',
    resetHeading: 'Choose a new password',
    resetLead: (user) => html`For the account ${user}. Everybody who is signed in to it is signed out, on every device.`,
    password: 'New password',
    resetSubmit: 'Save the password',
    doneHeading: 'The password is changed',
    done: 'Everybody who was signed in has been signed out. Sign in with the new password.',
    signIn: 'Sign in',
    overHeading: 'This link is over',
    over: 'It was used, or too long ago, or something about the account has changed since. The password is as it was.',
    again: 'Ask for another mail',
  },
  invitation: {
    heading: 'Choose a password',
    lead: (user, address) =>
      html`Your account is called ${user}, and goes by ${address}. You sign in with that name and the password that you choose here.`,
    password: 'Password',
    doneHeading: 'The account is yours',
    done: 'The password is saved, and your address is confirmed. Sign in with them.',
    overHeading: 'This invitation is over',
    over: 'It was used, or is too old, or a later one took its place, or something about the account has changed since. If you have chosen a password already, sign in; otherwise ask whoever invited you for another invitation.',
  },
  email: {
    now: (address) => html`Your address is ${address}. You have shown that it is yours.`,
    unverified: (address) => html`Your address is ${address}. You have not shown yet that it is yours.`,
    none: 'Your account has no address yet.',
    linkLead: (address) => html`Does ${address} belong to you and to this account?`,
    linkSubmit: 'Confirm the address',
    elsewhereHeading: 'Sign in first',
    elsewhere:
      'This address was entered for an account that is not signed in at this browser. Open the link where it is signed in, or type the code there. If it was not you, close this page.',
    doneHeading: 'The address is confirmed',
    done: (address) => html`Your account goes by ${address} from now on.`,
    forgotten:
      'Until now nobody had shown whose address this is. To be safe, we have removed everything that this sign-in did not use: the password, other ways to sign in, and other sessions. Choose a new password.',
    account: 'Your account',
  },
  dev: {
    heading: 'Mails',
    lead: 'No mail server is configured, so mails end here: the last fifty since the start, on this machine alone.',
    none: 'None yet.',
    to: 'To',
    at: 'At',
    text: 'Plain text',
    preview: 'As mail programs show it',
    back: 'All mails',
  },
};
