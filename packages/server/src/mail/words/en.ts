import type { MailWords } from './mail-words.ts';

/** English. */
export const en: MailWords = {
  productName: 'Hufu',
  sentBy: (host) => `Sent by ${host}. Nobody there will ever ask you for a code or a password.`,
  orOpen: 'Or open this link:',
  signIn: {
    subject: 'Your code to sign in',
    heading: 'Sign in',
    lead: 'Somebody, we hope you, wants to sign in to your account with this address.',
    code: 'Type this code where you are signing in:',
    act: 'Sign in',
    closing: (lifetime) => [
      `Code and link are good once, for ${lifetime}.`,
      'If it was not you, leave this mail alone, and give the code to nobody: without it, nobody gets in.',
    ],
  },
  signUp: {
    subject: 'Confirm your address',
    heading: 'One more step',
    lead: 'Somebody, we hope you, is making an account with this address.',
    code: 'Type this code where you are signing up:',
    act: 'Confirm the address',
    closing: (lifetime) => [
      `Code and link are good once, for ${lifetime}.`,
      'If it was not you, leave this mail alone: then there will be no account.',
    ],
  },
  verifyEmail: {
    subject: 'Confirm your address',
    heading: 'Is this your address?',
    lead: 'Somebody, we hope you, has entered this address for their account.',
    code: 'Type this code on the page that asked for it:',
    act: 'Confirm the address',
    closing: (lifetime) => [
      `Code and link are good once, for ${lifetime}, and only where you are signed in.`,
      'If it was not you, leave this mail alone: then nothing happens.',
    ],
  },
  resetPassword: {
    subject: 'Choose a new password',
    heading: 'Choose a new password',
    lead: 'Somebody, we hope you, has asked for a new password for your account.',
    code: '',
    act: 'Choose a new password',
    closing: (lifetime) => [
      `The link is good once, for ${lifetime}.`,
      'If it was not you, leave this mail alone: your password stays as it is.',
    ],
  },
  invite: {
    subject: 'Your account at {name}',
    heading: 'An account for you at {name}',
    lead: 'An administrator of {name} has made an account for you with this address. Choose a password, and it is yours.',
    code: '',
    act: 'Choose a password',
    closing: (lifetime) => [
      `The link is good once, for ${lifetime}. A later invitation takes its place.`,
      'If you expect no account there, leave this mail alone: without the link nobody gets in.',
    ],
  },
  enrol: {
    subject: 'Your code to go on signing in',
    heading: 'One more step',
    lead: 'Somebody, we hope you, knows your password and is about to add a second way to prove that it is them.',
    code: 'Type this code where you are signing in:',
    act: '',
    closing: (lifetime) => [
      `The code is good once, for ${lifetime}.`,
      'If it was not you, give the code to nobody, and change your password: somebody else knows it.',
    ],
  },
  noPassword: {
    subject: 'No account with a password here',
    heading: 'There is no password to replace',
    lead: 'Somebody, we hope you, has asked for a new password with this address. No account with a password has shown that this address is its own.',
    closing: 'Perhaps you signed up with another address, or sign in in another way. If it was not you, leave this mail alone.',
  },
  accountThere: {
    subject: 'You have an account already',
    heading: 'You have an account already',
    lead: 'Somebody, we hope you, wanted to make an account with this address. There is one: sign in to it.',
    act: 'Sign in',
    closing: 'Forgotten the password? The sign-in page has a link for that. If it was not you, leave this mail alone.',
  },
  notices: {
    new_device: {
      subject: 'A new sign-in to your account',
      heading: 'Signed in on a new device',
      lead: 'Your account was used in a browser that it had not been used in before.',
    },
    password_changed: {
      subject: 'Your password was changed',
      heading: 'Your password was changed',
      lead: 'Your account has a new password. The old one is good for nothing now.',
    },
    factor_added: {
      subject: 'A way to sign in was added',
      heading: 'A way to sign in was added',
      lead: 'An authenticator app or a passkey was added to your account.',
    },
    factor_removed: {
      subject: 'A way to sign in was removed',
      heading: 'A way to sign in was removed',
      lead: 'An authenticator app or a passkey was removed from your account.',
    },
    recovery_codes_made: {
      subject: 'New recovery codes',
      heading: 'New recovery codes were made',
      lead: 'Your account has new recovery codes. The old ones are good for nothing now.',
    },
    recovery_code_used: {
      subject: 'A recovery code was used',
      heading: 'A recovery code was used',
      lead: 'Somebody signed in to your account with one of its recovery codes. That one is used up.',
    },
    address_changed: {
      subject: 'Your address was changed',
      heading: 'Your account has another address',
      lead: 'Your account no longer goes by this address: from now on, mails about it go to another one.',
    },
    identity_linked: {
      subject: 'An account elsewhere was linked',
      heading: 'An account elsewhere was linked',
      lead: 'An account at another service can now sign in to yours.',
    },
    identity_unlinked: {
      subject: 'An account elsewhere was unlinked',
      heading: 'An account elsewhere was unlinked',
      lead: 'An account at another service can no longer sign in to yours.',
    },
    too_many_tries: {
      subject: 'Somebody may know your password',
      heading: 'Somebody may know your password',
      lead: 'Somebody gave the right password for your account, and then wrong codes, again and again. They did not get in.',
    },
    passkey_suspicious: {
      subject: 'A passkey was refused',
      heading: 'A passkey may have been copied',
      lead: 'One of your passkeys counted backwards, as a copy would. It was refused. Remove it, unless you know why.',
    },
    account_deleted: {
      subject: 'Your account was deleted',
      heading: 'Your account was deleted',
      lead: 'Your account and what belonged to it are gone. This is the last mail about it.',
    },
  },
  notice: {
    when: 'When',
    device: 'Where',
    name: 'Which',
    newAddress: 'New address',
    notYou: 'If that was you, there is nothing to do. If not, look at your account now: sign the others out, and change your password.',
    act: 'Look at your account',
    notYouGone: 'If that was not you, tell the people who run this service.',
  },
};
