import { html } from '../html.ts';
import { largestUnit } from '../largest-unit.ts';
import type { Messages } from './messages.ts';

const TELL_THE_APP =
  'Go back to the app and try once more. If this page returns, tell the people who run the app and give them the decision id.';
const START_AGAIN = 'Go back to the app and start from there again.';

function duration(seconds: number): string {
  const { count, unit } = largestUnit(seconds);
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}

/** English. */
export const en: Messages = {
  languageName: 'English',
  languages: 'Language',
  productName: 'Hufu',
  duration,
  aside: (words) => html` (${words})`,

  client: {
    privacyPolicy: 'Privacy policy',
    termsOfService: 'Terms of service',
    hostMeaning: 'Where you are sent back to (the redirect URI)',
    onThisDevice: 'on this device',
  },
  signIn: {
    heading: 'Sign in',
    continueTo: 'to continue to',
    username: 'Username',
    password: 'Password',
    submit: 'Sign in',
    cancel: 'Cancel',
    titleProblem: 'Not signed in',
    wrongCredentials: 'The username or the password is not right. Check both and try again.',
    slowedDown: (seconds) => `Too many attempts. Wait ${duration(seconds)}, then try again.`,
    noAccount: 'No account yet? ',
    createAccount: 'Create an account',
  },
  signUp: {
    heading: 'Create an account',
    continueTo: 'to continue to',
    replaces: (user) => html`You are signed in as ${user}. Afterwards this browser is signed in to the new account instead.`,
    username: 'Username',
    usernameHint: 'Letters and digits, with dots, dashes or underscores between.',
    email: 'Email address',
    name: 'Name',
    optional: 'optional',
    password: 'Password',
    passwordHint: (characters) => `At least ${characters} characters. A few unrelated words are strong, and easy to remember.`,
    submit: 'Create account',
    cancel: 'Cancel',
    haveAccount: 'Have an account already? ',
    signIn: 'Sign in',
    titleProblem: 'Not created',
    faults: {
      username: {
        missing: 'Choose a username.',
        too_long: 'This is too long: a username has 64 characters at most.',
        characters: 'Use letters and digits only, with a single dot, dash or underscore between them.',
        mixed_scripts: 'Use the letters of one script: some look the same in another, and you could be taken for somebody else.',
        taken: 'Somebody has this username already. Choose another one.',
      },
      email: 'This is not an email address. It looks like name@example.com; you can also leave it out.',
      name: 'This name is longer than 100 characters, or holds characters that cannot be shown.',
      password: {
        too_short: (characters) => `This is too short: at least ${characters} characters, spaces counted.`,
        too_long: () => 'This is too long: 256 characters at most.',
        common: () => 'Many people use this password, so it is tried first by those who guess. Choose another one.',
        same_as_account: () => 'This is your username, email address or name, which others know. Choose another one.',
      },
    },
  },
  consent: {
    heading: 'Allow access?',
    asks: (user) => html`asks for access to your account ${user}.`,
    otherAccount: 'Use another account',
    aboutYou: 'About you',
    scopes: {
      openid: 'Recognise you when you come back',
      profile: 'See your name, picture and the rest of your profile',
      email: 'See your email address',
      address: 'See your postal address',
      phone: 'See your phone number',
    },
    useApi: (name) => `With ${name}`,
    undescribed: 'A permission of this API',
    detailLocations: 'Only at',
    detailFlag: (value) => (value ? 'Yes' : 'No'),
    whileAway: 'While you are away',
    offlineAccess: 'Keep this access when you are not using the app',
    offlineMeaning: 'It holds a refresh token, which is void once you take the permission back.',
    lasts: 'Lasts',
    untilTakenBack: 'until you take it back',
    thisTimeOnly: 'this time only',
    returnsTo: 'Returns to',
    takeBack: (account) => html`You can take this back at any time in ${account}.`,
    accountPages: 'your account',
    allow: 'Allow',
    deny: 'Deny',
  },
  logout: {
    heading: 'Sign out?',
    clientAsks: (client) => html`${client} asks to sign you out here.`,
    signedInAs: (user) => html`You are signed in as ${user}.`,
    meaning: 'Signing out ends your session in this browser and tells the apps that you used with it.',
    confirm: 'Sign out',
    cancel: 'Stay signed in',
  },
  account: {
    heading: 'Your account',
    apps: 'Apps with access',
    noApps: 'No app has access to your account.',
    since: (day) => `since ${day}`,
    remove: 'Remove access',
    removeApp: (app) => `Remove access of ${app}`,
    removeMeaning: 'Removing access ends it at once, on every device where the app uses your account. The app can ask again.',
    removed: (app) => `${app} no longer has access.`,
    signOut: 'Sign out',
  },
  signedOut: {
    heading: 'Signed out',
    ended: 'Your session in this browser has ended.',
    onward: (host) => html`The apps that you used are being told; then you go on to ${host}. If nothing happens by itself, continue here.`,
    continue: 'Continue',
    elsewhere: 'An app that keeps a session of its own may still know you. On a shared computer, close the browser.',
    backTo: (client) => `Back to ${client}`,
    signInAgain: 'Sign in again',
  },
  completed: {
    heading: 'Already finished',
    answered: 'This request was answered before, and a request is answered only once. Nothing happened just now.',
    now: 'You can close this page. If the app still waits for you, start from there again.',
    backTo: (client) => `Back to ${client}`,
  },
  formPost: {
    heading: 'One more step',
    explain: (host) => html`Your answer goes to ${host}. If nothing happens by itself, continue here.`,
    submit: 'Continue',
  },
  home: {
    title: 'Token service',
    what: 'This is a token service: it signs people in and gives apps the tokens they work with, by OAuth 2 and OpenID Connect.',
    issuer: 'Issuer',
    account: 'Your account',
    accountMeaning: 'See which apps and devices have access, and take it back',
    console: 'Console',
    consoleMeaning: 'Clients, users, keys and decisions, for administrators',
    discovery: 'Discovery document',
    discoveryMeaning: 'Endpoints and capabilities, for programs',
    docs: 'Documentation',
    docsMeaning: 'Guides and reference, for developers',
  },
  error: {
    why: 'Why',
    now: 'What to do',
    wait: (seconds) => `Wait ${duration(seconds)}, then try again.`,
    received: 'What the request said',
    decisionId: 'Decision id',
    decisionMeaning: 'With this id an administrator sees which check refused, and why.',
    kinds: {
      client_id_missing: {
        what: 'The app did not say who it is',
        why: 'The request names no client, so there is nobody to sign you in for.',
        now: TELL_THE_APP,
      },
      client_id_unknown: {
        what: 'We do not know this app',
        why: 'No client is registered here under the id that the request names, or it has been switched off.',
        now: `${TELL_THE_APP} If you run it: compare the client_id with the one in your registration, and the issuer with this server.`,
      },
      redirect_uri_missing: {
        what: 'The app did not say where to send you back',
        why: 'Every request has to name the address that gets the answer, even when only one is registered.',
        now: `${TELL_THE_APP} If you run it: send the redirect_uri along.`,
      },
      redirect_uri_not_registered: {
        what: 'The app named an address that is not its own',
        why: 'Answers go only to addresses that the app has registered, compared character by character. Nothing was sent there.',
        now: 'If a message or a stranger gave you the link, close this page. If you run the app: register exactly this address as a redirect_uri of the client.',
      },
      parameter_repeated: {
        what: 'The request says something twice',
        why: 'A parameter may stand only once in a request. Of two values, nobody can tell which one was meant.',
        now: TELL_THE_APP,
      },
      request_malformed: {
        what: 'We cannot read this request',
        why: 'It does not have the form that the standard gives it. The address may have been cut when it was copied.',
        now: TELL_THE_APP,
      },
      request_too_large: {
        what: 'This request is too large',
        why: 'It is longer than anything an app needs to send here.',
        now: `${TELL_THE_APP} If you run it: push long requests to the server first (PAR).`,
      },
      request_object_invalid: {
        what: 'The signed request does not hold',
        why: 'Its signature, issuer, audience or time is not right, so we cannot rely on what it says.',
        now: TELL_THE_APP,
      },
      request_uri_invalid: {
        what: 'The request is not where the app says',
        why: 'The request_uri names nothing that this app has left here or may have fetched.',
        now: TELL_THE_APP,
      },
      request_uri_expired: {
        what: 'The prepared request is over',
        why: 'A request that an app leaves with us ahead of time is good for a short while and for one use.',
        now: START_AGAIN,
      },
      request_expired: {
        what: 'This took too long',
        why: 'A request waits for you only for a while, and this one is over. Nothing was given to the app.',
        now: START_AGAIN,
      },
      request_unknown: {
        what: 'We cannot find this request',
        why: 'It was started in another browser, or it is long over, or a part of its address is missing.',
        now: START_AGAIN,
      },
      form_not_verified: {
        what: 'This form was not sent from our page',
        why: 'What proves that the form comes from a page we gave to this browser is missing or belongs elsewhere. Nothing was done.',
        now: 'Go back, reload the page and send it again. Cookies have to be allowed for this site.',
      },
      session_changed: {
        what: 'Somebody else is signed in by now',
        why: 'Since this page was opened, the session of this browser has changed, perhaps in another tab. Nothing was done.',
        now: START_AGAIN,
      },
      cookies_blocked: {
        what: 'Your browser does not keep our cookie',
        why: 'Without it we cannot tell that the one who asks and the one who answers are the same.',
        now: 'Allow cookies for this site, then go back to the app and start again.',
      },
      sign_up_off: {
        what: 'Accounts are not made here',
        why: 'Those who run this server give out the accounts themselves.',
        now: 'If you have an account, sign in. If not, ask those who run the app or this server for one.',
      },
      account_not_allowed: {
        what: 'This account may not use the app',
        why: 'Those who run this server have decided which accounts may use the app, and this one is not among them.',
        now: 'Sign in with another account, or ask an administrator for access and give the decision id.',
      },
      post_logout_redirect_uri_not_registered: {
        what: 'The app named an address that is not its own',
        why: 'After signing out we send you only to addresses that the app has registered, compared character by character.',
        now: 'You can close this page. If you run the app: register exactly this address as a post_logout_redirect_uri of the client.',
      },
      id_token_hint_missing: {
        what: 'The app did not say whose session ends',
        why: 'To send you back after signing out, we need an ID token that shows which app asks.',
        now: 'You can close this page. If you run the app: send the id_token_hint along.',
      },
      id_token_hint_invalid: {
        what: 'The app showed an ID token that does not hold',
        why: 'It was not issued by this server, or it has been changed.',
        now: TELL_THE_APP,
      },
      id_token_hint_mismatch: {
        what: 'The ID token belongs to another app',
        why: 'The request names one app, and the ID token in it was issued to another.',
        now: TELL_THE_APP,
      },
      not_found: {
        what: 'There is nothing here',
        why: 'No page has this address. It may have been mistyped or cut when it was copied.',
        now: 'Check the address, or go back to where you came from.',
      },
      method_not_allowed: {
        what: 'This address does not work that way',
        why: 'It was called by another HTTP method than the ones it knows.',
        now: 'Go back to where you came from and start again.',
      },
      too_many_requests: {
        what: 'Please slow down',
        why: 'More came from your address or for this account than we answer in so short a time.',
        now: 'Wait a little, then try again.',
      },
      server_error: {
        what: 'Something broke on our side',
        why: 'This is our fault and not yours. It has been recorded.',
        now: 'Try again in a moment. If this page returns, tell an administrator and give the decision id.',
      },
      temporarily_unavailable: {
        what: 'We cannot answer right now',
        why: 'A part that this server needs is away for the moment. Nothing was lost.',
        now: 'Try again in a moment.',
      },
    },
  },
};
