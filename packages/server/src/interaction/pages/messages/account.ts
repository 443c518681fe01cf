import type { ClaimFault, EditableClaim } from '../../../accounts/editable-claims.ts';
import type { PasswordFault } from '../../../accounts/password-policy.ts';
import type { UserEventKind } from '../../../accounts/user-event-kinds.ts';
import type { Html } from '../html.ts';

/** The sides of the account centre, in the order of its navigation. */
export type AccountSide = 'overview' | 'profile' | 'security' | 'sessions' | 'apps' | 'activity' | 'data';

/** What somebody has just done, as the page after it says. */
export type Done =
  | 'profile_saved'
  | 'password_changed'
  | 'factor_added'
  | 'factor_renamed'
  | 'factor_removed'
  | 'codes_made'
  | 'linked'
  | 'unlinked'
  | 'email_sent'
  | 'email_verified'
  | 'device_renamed'
  | 'device_out'
  | 'others_out'
  | 'distrusted'
  | 'app_removed'
  | 'everywhere_out';

/** What was to be done, and has not been. */
export type NotDone = 'gone' | 'changed' | 'last' | 'second_factor_needed' | 'full' | 'taken' | 'managed' | 'no_mail';

/** Words of the account centre. */
export interface AccountMessages {
  readonly heading: string;
  /** Names the navigation for those who hear it. */
  readonly navigation: string;
  readonly skip: string;
  readonly sides: Readonly<Record<AccountSide, string>>;
  readonly signOut: string;
  readonly justNow: string;
  readonly ago: (seconds: number) => string;
  readonly backTo: (side: string) => string;
  readonly never: string;
  readonly none: string;
  readonly show: string;
  readonly hide: string;
  readonly copy: string;
  readonly copied: string;
  readonly save: string;
  readonly cancel: string;
  readonly notDoneTitle: string;
  readonly done: Readonly<Record<Done, string>>;
  readonly notDone: Readonly<Record<NotDone, string>>;
  readonly apps: string;
  readonly noApps: string;
  readonly since: (day: string) => string;
  readonly remove: string;
  /** Names the app for those who hear the button alone. */
  readonly removeApp: (app: string) => string;
  readonly removeMeaning: string;
  readonly removed: (app: string) => string;

  readonly overview: {
    readonly attention: string;
    readonly allWell: string;
    readonly noSecondFactor: string;
    readonly addSecondFactor: string;
    readonly fewCodes: (left: number) => string;
    readonly newCodes: string;
    readonly emailUnverified: string;
    readonly verifyEmail: string;
    readonly noEmail: string;
    readonly addEmail: string;
    readonly approvalsWait: (count: number) => string;
    readonly answerThem: string;
    readonly you: string;
    readonly editProfile: string;
    readonly howYouSignIn: string;
    readonly manageSecurity: string;
    readonly name: string;
    readonly username: string;
    readonly password: string;
    readonly secondFactor: string;
    readonly passkeys: string;
    readonly devices: string;
    readonly signedInOn: (count: number) => string;
    readonly changed: (when: Html) => Html;
    readonly isSet: string;
    readonly allApps: (count: number) => string;
  };
  readonly profile: {
    readonly lead: string;
    readonly managed: string;
    readonly aboutYou: string;
    readonly claims: Readonly<Record<Exclude<EditableClaim, 'address' | 'email'>, string>>;
    readonly hints: Readonly<Partial<Record<EditableClaim, string>>>;
    readonly faults: Readonly<Record<ClaimFault, string>>;
    readonly address: {
      readonly heading: string;
      readonly street_address: string;
      readonly postal_code: string;
      readonly locality: string;
      readonly region: string;
      readonly country: string;
    };
    readonly noZone: string;
    readonly browserLanguage: string;
    readonly onlyShown: string;
    readonly email: string;
    readonly emailLead: string;
    readonly verified: string;
    readonly unverified: string;
    readonly noEmail: string;
    readonly changeEmail: string;
    readonly addEmail: string;
    readonly verify: string;
    readonly newEmail: string;
    readonly emailHint: string;
    readonly sendCode: string;
    readonly emailFault: string;
  };
  readonly security: {
    readonly lead: string;
    readonly password: string;
    readonly passwordLead: string;
    readonly lastChanged: (when: Html) => Html;
    readonly noPassword: string;
    readonly changePassword: string;
    readonly setPassword: string;
    readonly currentPassword: string;
    readonly newPassword: string;
    readonly wrongPassword: string;
    readonly slowedDown: (seconds: number) => string;
    readonly faults: Readonly<Record<PasswordFault | 'unchanged', (characters: number) => string>>;
    readonly passwordEndsAll: string;
    readonly passwordEndsOthers: string;
    readonly totp: string;
    readonly totpLead: string;
    readonly noTotp: string;
    readonly addTotp: string;
    readonly totpName: string;
    readonly passkeys: string;
    readonly passkeysLead: string;
    readonly noPasskeys: string;
    readonly addPasskey: string;
    readonly synced: string;
    readonly added: (when: Html) => Html;
    readonly lastUsed: (when: Html) => Html;
    readonly neverUsed: string;
    readonly rename: string;
    readonly newName: string;
    readonly recoveryCodes: string;
    readonly recoveryLead: string;
    readonly codesLeft: (left: number) => string;
    readonly codesNeedFactor: string;
    readonly newCodes: string;
    readonly newCodesLead: string;
    readonly makeCodes: string;
    readonly yourCodes: string;
    readonly codesOnce: string;
    readonly codesKept: string;
    readonly linked: string;
    readonly linkedLead: string;
    readonly noneLinked: string;
    readonly link: (upstream: string) => string;
    readonly unlink: string;
    readonly unlinkNamed: (upstream: string) => string;
    readonly linkedSince: (when: Html) => Html;
    readonly remove: string;
    readonly removeNamed: (name: string) => string;
    readonly removeHeading: (name: string) => string;
    readonly removeMeaning: Readonly<Record<'totp' | 'passkey' | 'identity', string>>;
    readonly codesFall: string;
    readonly addTotpHeading: string;
    readonly scan: string;
    readonly qrLabel: string;
    readonly typeKey: string;
    readonly typeCode: string;
    readonly code: string;
    readonly factorName: string;
    readonly wrongCode: string;
    readonly addPasskeyHeading: string;
    readonly passkeyMeaning: string;
    readonly passkeysNotHere: string;
  };
  readonly sessions: {
    readonly lead: string;
    readonly signedIn: string;
    readonly before: string;
    readonly beforeLead: string;
    readonly thisDevice: string;
    readonly trustedUntil: (day: Html) => Html;
    readonly trusted: string;
    readonly unnamed: string;
    readonly seen: (when: Html) => Html;
    readonly signedInAt: (when: Html) => Html;
    readonly appsHere: (count: number) => string;
    readonly signOut: string;
    readonly signOutNamed: (device: string) => string;
    readonly signOutOthers: string;
    readonly signOutOthersMeaning: string;
    readonly forget: string;
    readonly forgetNamed: (device: string) => string;
    readonly distrust: string;
    readonly distrustNamed: (device: string) => string;
    readonly rename: string;
    readonly renameNamed: (device: string) => string;
    readonly name: string;
    readonly placeMeaning: string;
  };
  readonly appsPage: {
    readonly lead: string;
    readonly none: string;
    readonly unregistered: string;
    readonly unregisteredMeaning: string;
    readonly offline: string;
    readonly offlineMeaning: string;
    readonly since: (when: Html) => Html;
    readonly lastUsed: (when: Html) => Html;
    readonly notUsed: string;
    readonly may: string;
    readonly signedInOn: string;
    readonly gone: string;
    readonly more: (count: number) => string;
  };
  readonly activity: {
    readonly lead: string;
    readonly none: string;
    readonly keeps: (count: number) => string;
    readonly notMe: string;
    readonly notMeLead: string;
    readonly notMeHeading: string;
    readonly notMeWhat: string;
    readonly stepSignOut: string;
    readonly stepSignOutMeaning: string;
    readonly stepPassword: string;
    readonly stepPasswordMeaning: string;
    readonly stepLook: string;
    readonly stepLookMeaning: string;
    readonly signOutEverywhere: string;
    readonly place: (place: string) => string;
    readonly device: (device: string) => string;
    /** What happened, with the name of what it happened to where there is one ('' where not). */
    readonly events: Readonly<Record<UserEventKind, (name: string) => string>>;
    readonly other: (kind: string) => string;
  };
  readonly data: {
    readonly lead: string;
    readonly exportHeading: string;
    readonly exportLead: string;
    readonly exportButton: string;
    readonly deleteHeading: string;
    readonly deleteLead: string;
    readonly deleteButton: string;
    readonly managed: string;
    readonly confirmHeading: string;
    readonly confirmLosses: readonly string[];
    readonly confirmType: (username: Html) => Html;
    readonly username: string;
    readonly mismatch: string;
    readonly confirmButton: string;
    readonly deleted: string;
    readonly deletedNow: string;
  };
}
