import type { Html } from '../html.ts';

/** The words of the pages that send mails, and that mails lead to. */
export interface MailMessages {
  readonly address: string;
  readonly notAnAddress: string;
  readonly tooMany: (seconds: number) => string;
  /** Before the title when a page comes back with a problem. */
  readonly titleProblem: string;
  readonly signIn: {
    /** On the sign-in page. */
    readonly offer: string;
    readonly heading: string;
    readonly lead: string;
    readonly submit: string;
    readonly cancel: string;
    readonly otherWays: string;
  };
  readonly code: {
    readonly heading: string;
    /** Says nothing of whether there is such an account. */
    readonly ifThere: (address: Html) => Html;
    readonly sent: (address: Html) => Html;
    readonly patience: string;
    readonly code: string;
    readonly submit: string;
    readonly noCode: string;
    readonly wrong: (left: number) => string;
    readonly over: string;
    readonly again: string;
  };
  readonly link: {
    readonly heading: string;
    readonly lead: string;
    readonly submit: string;
    readonly headingSignUp: string;
    readonly leadSignUp: string;
    readonly submitSignUp: string;
    readonly headingElsewhere: string;
    readonly leadElsewhere: string;
    readonly warning: string;
    readonly notMe: string;
    readonly showCode: string;
    readonly headingCode: string;
    readonly leadCode: string;
    readonly headingRefused: string;
    readonly refused: string;
    readonly headingOver: string;
    readonly over: string;
    readonly toSignIn: string;
  };
  readonly recover: {
    /** On the sign-in page. */
    readonly offer: string;
    readonly heading: string;
    readonly lead: string;
    readonly submit: string;
    readonly back: string;
    readonly sentHeading: string;
    readonly sent: (address: Html) => Html;
    readonly secondHeading: string;
    readonly second: string;
    readonly secondSubmit: string;
    readonly resetHeading: string;
    readonly resetLead: (user: Html) => Html;
    readonly password: string;
    readonly resetSubmit: string;
    readonly doneHeading: string;
    readonly done: string;
    readonly signIn: string;
    readonly overHeading: string;
    readonly over: string;
    readonly again: string;
  };
  /** Where an invitation leads. */
  readonly invitation: {
    readonly heading: string;
    readonly lead: (user: Html, address: Html) => Html;
    readonly password: string;
    readonly doneHeading: string;
    readonly done: string;
    readonly overHeading: string;
    readonly over: string;
  };
  readonly email: {
    readonly now: (address: Html) => Html;
    readonly unverified: (address: Html) => Html;
    readonly none: string;
    readonly linkLead: (address: Html) => Html;
    readonly linkSubmit: string;
    readonly elsewhereHeading: string;
    readonly elsewhere: string;
    readonly doneHeading: string;
    readonly done: (address: Html) => Html;
    readonly forgotten: string;
    readonly account: string;
  };
  readonly dev: {
    readonly heading: string;
    readonly lead: string;
    readonly none: string;
    readonly to: string;
    readonly at: string;
    readonly text: string;
    readonly preview: string;
    readonly back: string;
  };
}
