import type { Form } from '@hufu/protocol/form';
import type { UserRecord } from '@hufu/store/port';
import {
  ADDRESS_PARTS,
  type AddressPart,
  type ClaimFault,
  EDITABLE_CLAIMS,
  type FieldClaim,
  readClaim,
  timeZones,
} from '../../accounts/editable-claims.ts';
import { tellUser } from '../../accounts/tell-user.ts';
import { asUser } from '../../audit/acting.ts';
import type { Context } from '../../context.ts';
import type { HttpReply, HttpRequest } from '../../http.ts';
import { mailRoute } from '../../mail/mail-room.ts';
import { PageError } from '../page-error.ts';
import { type EmailView, type ProfileView, profilePage } from '../pages/account/profile.ts';
import { displayText } from '../pages/display-text.ts';
import { accountRefusal, accountReply, actOnAccount, goOn, outcomeOf, showAccount, type Visit } from './visit.ts';

type FieldName = FieldClaim | AddressPart;
type Typed = Readonly<Partial<Record<FieldName, string>>>;

/** What somebody says of themselves. */
export function profileGet(ctx: Context, http: HttpRequest): Promise<HttpReply> {
  return showAccount(ctx, http, 'profile', async (visit) => accountReply(visit, render(visit, present(visit.session.user), {})));
}

/** Only what `policies.profile.editable` lists is read from the form at all: nobody makes an address verified by sending a field for it. */
export function profilePost(ctx: Context, http: HttpRequest): Promise<HttpReply> {
  return actOnAccount(ctx, http, 'profile', save);
}

async function save(visit: Visit, form: Form): Promise<HttpReply> {
  const { ctx, session } = visit;
  if (isManaged(visit)) return goOn(visit, 'profile', 'managed');
  const names = fieldsOf(visit);
  if (names.length === 0) throw new PageError('request_malformed', 'policies.profile.editable has no field');
  const typed: Partial<Record<FieldName, string>> = {};
  const values: Partial<Record<FieldName, string>> = {};
  const problems: Partial<Record<FieldName, ClaimFault>> = {};
  for (const name of names) {
    const text = form.get(name) ?? '';
    typed[name] = text.slice(0, MAX_TYPED).toWellFormed();
    const read = readClaim(name, text);
    if (read.kind === 'value') values[name] = read.value;
    else problems[name] = read.fault;
  }
  const [fault] = Object.entries(problems);
  if (fault !== undefined) return accountRefusal(visit, 400, fault.join(': '), render(visit, typed, problems));
  const outcome = await write(visit, values);
  if (outcome !== 'done') return goOn(visit, 'profile', outcome === 'unknown' ? 'gone' : 'changed');
  await tellUser(ctx, session.user, 'profile_changed', {}, visit.locale);
  return goOn(visit, 'profile', 'profile_saved');
}

/** What else is there stays: an address may be verified while this page is open, and while it is saved. */
async function write({ ctx, session, now }: Visit, values: Typed): ReturnType<Context['store']['setClaims']> {
  let outcome: Awaited<ReturnType<typeof write>> = 'unknown';
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    const user = await ctx.store.findUser(ctx.tenant, session.user.id);
    if (user === undefined) return 'unknown';
    outcome = await asUser(ctx, user).setClaims(ctx.tenant, user.id, withValues(user.claims, values), now, user.authVersion);
    if (outcome !== 'changed') return outcome;
  }
  return outcome;
}

const MAX_ATTEMPTS = 3;

const MAX_TYPED = 2_048;
const MAX_SHOWN = 2_048;

/** The claims as they were with what was typed in place of what it replaces; '' takes a claim away. */
function withValues(before: UserRecord['claims'], values: Typed): UserRecord['claims'] {
  const after: Record<string, unknown> = { ...before };
  const address: Record<string, unknown> = { ...Object(before['address']) };
  for (const [name, value] of Object.entries(values)) {
    const target = isAddressPart(name) ? address : after;
    if (value === '') delete target[name];
    else target[name] = value;
    // What was verified was another number (OpenID Connect Core §5.1 `phone_number_verified`).
    if (name === 'phone_number' && value !== before['phone_number']) delete after['phone_number_verified'];
  }
  if (Object.keys(values).some(isAddressPart)) {
    // Written anew by who shows it (OpenID Connect Core §5.1.1).
    delete address['formatted'];
    if (Object.keys(address).length === 0) delete after['address'];
    else after['address'] = address;
  }
  return after;
}

function isAddressPart(name: string): name is AddressPart {
  return ADDRESS_PARTS.some((part) => part === name);
}

/** The fields of the form: those of the policy, in our order. */
function fieldsOf({ ctx }: Visit): readonly FieldName[] {
  const { editable } = ctx.config.policies.profile;
  return [...fieldClaims(editable), ...(editable.includes('address') ? ADDRESS_PARTS : [])];
}

function fieldClaims(claims: readonly string[]): readonly FieldClaim[] {
  return EDITABLE_CLAIMS.filter((claim): claim is FieldClaim => claim !== 'email' && claim !== 'address' && claims.includes(claim));
}

/** What is there, fit to stand in a field: an upstream may have said anything. */
function present({ claims }: UserRecord): Typed {
  const address: Record<string, unknown> = { ...Object(claims['address']) };
  const typed: Partial<Record<FieldName, string>> = {};
  for (const claim of fieldClaims(EDITABLE_CLAIMS))
    if (typeof claims[claim] === 'string') typed[claim] = displayText(claims[claim], MAX_SHOWN);
  for (const part of ADDRESS_PARTS) if (typeof address[part] === 'string') typed[part] = displayText(address[part], MAX_SHOWN);
  return typed;
}

/** The file says who they are, and says it again at the next start. */
function isManaged({ session }: Visit): boolean {
  return session.user.source === 'config';
}

function render(visit: Visit, typed: Typed, problems: ProfileView['problems']): Parameters<typeof accountReply>[1] {
  const { ctx, csrf } = visit;
  const managed = isManaged(visit);
  const fields = managed ? [] : fieldsOf(visit);
  const editable = fieldClaims(fields);
  const shown = fieldClaims(EDITABLE_CLAIMS).filter((claim) => !editable.includes(claim));
  return (frame) =>
    profilePage({
      ...frame,
      csrf,
      outcome: outcomeOf(visit),
      isManaged: managed,
      editable,
      hasAddress: fields.some(isAddressPart),
      typed,
      problems,
      shown: shown.flatMap((claim) => (typed[claim] === undefined ? [] : [{ claim, value: typed[claim] }])),
      zones: editable.includes('zoneinfo') ? timeZones() : [],
      email: emailView(visit, ctx.config.policies.profile.editable.includes('email') && !managed),
    });
}

function emailView({ ctx, session }: Visit, mayChange: boolean): EmailView {
  const { email, email_verified: verified } = session.user.claims;
  const hasMail = mailRoute(ctx.config) !== 'none';
  return {
    address: typeof email === 'string' ? email : undefined,
    isVerified: verified === true,
    changeHref: mayChange && hasMail ? '/account/profile/email' : undefined,
  };
}
