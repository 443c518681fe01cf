import type { Form } from '@hufu/protocol/form';
import type { FactorRecord, IdentityRecord, OpenWays } from '@hufu/store/port';
import { directoryNames, isKeptByDirectory } from '../../accounts/first-ways.ts';
import { findSecondFactors, hasSecondFactor, type SecondFactors } from '../../accounts/second-factors.ts';
import { tellUser } from '../../accounts/tell-user.ts';
import { asUser } from '../../audit/acting.ts';
import type { Context } from '../../context.ts';
import type { HttpReply, HttpRequest } from '../../http.ts';
import { wakeDelivery } from '../../logout/delivery-job.ts';
import { mailRoute } from '../../mail/mail-room.ts';
import { acceptedPasskeys } from '../../passkeys/accepted.ts';
import { readPasskey } from '../../passkeys/passkey.ts';
import { relyingParty } from '../../passkeys/relying-party.ts';
import { PageError } from '../page-error.ts';
import { removePage } from '../pages/account/factor.ts';
import { type FactorView, type SecurityView, securityPage } from '../pages/account/security.ts';
import { PASSKEY_SCRIPT_PATH } from '../pages/passkey-script.ts';
import { linkableOf, upstreamName } from './linked.ts';
import { askAgain } from './recent.ts';
import { readThingName } from './thing-name.ts';
import { accountReply, actOnAccount, findNamed, goOn, nameOf, outcomeOf, showAccount, type Visit } from './visit.ts';

/** As many apps and factors as a user has at most. */
const MAX_TOTP = 3;
const MAX_FACTORS = 20;

/** What somebody proves themselves with. */
export function securityGet(ctx: Context, http: HttpRequest): Promise<HttpReply> {
  return showAccount(ctx, http, 'security', async (visit) => {
    const view = await viewOf(visit);
    return accountReply(visit, (frame) => securityPage({ ...frame, ...view }), 200, { scripts: [PASSKEY_SCRIPT_PATH] });
  });
}

type OwnView = Omit<SecurityView, 'locale' | 'languages' | 'brand' | 'user' | 'hrefOf' | 'scriptNonce'>;

async function viewOf(visit: Visit): Promise<OwnView> {
  const { ctx, session } = visit;
  const { user } = session;
  const having = await findSecondFactors(ctx, user);
  const identities = await ctx.store.listIdentities(ctx.tenant, user.id);
  const count = having.totp.length + having.passkeys.length;
  const isKept = await isKeptByDirectory(ctx, user);
  const directories = directoryNames(ctx);
  return {
    moment: visit.moment,
    csrf: visit.csrf,
    outcome: outcomeOf(visit),
    passwordChangedAt: user.passwordHash === undefined ? undefined : user.passwordChangedAt,
    passwords: ctx.config.policies.signIn.methods.includes('password') && !isKept ? 'on' : 'none',
    totp: having.totp.map((factor) => factorView(visit, factor)),
    passkeys: having.passkeys.map((factor) => factorView(visit, factor)),
    accepted: acceptedPasskeys(
      ctx,
      having.passkeys.map(readPasskey).filter((passkey) => passkey !== undefined),
    ),
    recoveryCodes: hasSecondFactor(having) ? having.recoveryCodes : undefined,
    identities: identities.map((identity) => ({
      thing: nameOf(visit, 'identity', identityId(identity)),
      upstream: upstreamName(ctx, identity.upstream, visit.locale),
      label: identity.label,
      linkedAt: identity.linkedAt,
      usedAt: identity.usedAt,
      mayGo: !(isKept && directories.includes(identity.upstream)),
    })),
    linkable: linkableOf(visit, identities),
    mayAdd: {
      totp: ctx.config.policies.signIn.secondFactor !== 'off' && having.totp.length < MAX_TOTP && count < MAX_FACTORS,
      passkey: relyingParty(ctx) !== undefined && count < MAX_FACTORS,
    },
  };
}

function factorView(visit: Visit, factor: FactorRecord): FactorView {
  const { id, name, createdAt, usedAt } = factor;
  return { thing: nameOf(visit, 'factor', id), name, createdAt, usedAt, isSynced: readPasskey(factor)?.data.backedUp === true };
}

function identityId({ upstream, issuer, subject }: IdentityRecord): string {
  return `${upstream}\n${issuer}\n${subject}`;
}

/** Gives a factor another name. It proves nothing, and needs no new sign-in. */
export function securityPost(ctx: Context, http: HttpRequest): Promise<HttpReply> {
  return actOnAccount(ctx, http, 'security', async (visit, form) => {
    if (form.get('act') !== 'rename') throw new PageError('request_malformed', 'no act');
    const { user } = visit.session;
    const factors = await ctx.store.listFactors(ctx.tenant, user.id);
    const factor = findNamed(visit, 'factor', factors, ({ id }) => id, form.get('thing'));
    if (factor === undefined) return goOn(visit, 'security', 'gone');
    const name = readThingName(form.get('name'), factor.name);
    const outcome = await asUser(ctx, user).renameFactor(ctx.tenant, user.id, factor.id, name);
    return goOn(visit, 'security', outcome === 'done' ? 'factor_renamed' : 'gone');
  });
}

/** Asks before a factor or a linked account goes. */
export function removeGet(ctx: Context, http: HttpRequest): Promise<HttpReply> {
  return showAccount(ctx, http, 'remove', async (visit) => {
    const thing = visit.query.get('thing') ?? '';
    const again = await askAgain(visit, 'security');
    if (again !== undefined) return again;
    const found = await findThing(visit, thing);
    if (found === undefined) return goOn(visit, 'security', 'gone');
    const { kind, name, having } = found;
    const takesCodes = kind !== 'identity' && having.totp.length + having.passkeys.length === 1 && having.recoveryCodes > 0;
    return accountReply(visit, (frame) => removePage({ ...frame, csrf: visit.csrf, thing, kind, name, takesCodes }));
  });
}

/** Removes it: never the last way in, nor the last second factor where everybody needs one. The store looks at both in the same act. */
export function removePost(ctx: Context, http: HttpRequest): Promise<HttpReply> {
  return actOnAccount(ctx, http, 'remove', async (visit, form) => (await askAgain(visit, 'security')) ?? (await remove(visit, form)));
}

async function remove(visit: Visit, form: Form): Promise<HttpReply> {
  const { ctx, session, now, locale } = visit;
  const { user } = session;
  const found = await findThing(visit, form.get('thing') ?? '');
  if (found === undefined) return goOn(visit, 'security', 'gone');
  const { secondFactor } = ctx.config.policies.signIn;
  const options = { session: session.session.id, open: openWays(visit) };
  if (found.kind === 'identity') {
    const { kind } = await asUser(ctx, user).unlinkIdentity(ctx.tenant, user.id, user.authVersion, found.upstream, options, now);
    if (kind !== 'done') return goOn(visit, 'security', kind === 'unknown' ? 'gone' : kind);
    wakeDelivery(ctx);
    await tellUser(ctx, user, 'identity_unlinked', { name: found.name }, locale);
    return goOn(visit, 'security', 'unlinked');
  }
  const keepSecond = secondFactor === 'required';
  const { kind } = await asUser(ctx, user).removeFactor(ctx.tenant, user.id, user.authVersion, found.id, { ...options, keepSecond }, now);
  if (kind === 'last') return goOn(visit, 'security', keepSecond ? 'second_factor_needed' : 'last');
  if (kind !== 'done') return goOn(visit, 'security', kind === 'unknown' ? 'gone' : kind);
  await tellUser(ctx, user, 'factor_removed', { name: found.name }, locale);
  return goOn(visit, 'security', 'factor_removed');
}

/** What lets this user in as the configuration is now. */
function openWays({ ctx, session }: Visit): OpenWays {
  const { methods } = ctx.config.policies.signIn;
  const password = methods.includes('password');
  // A directory is asked behind the form for a password.
  const upstreams = ctx.config.upstreams.filter(({ kind, enabled }) => enabled && (kind !== 'ldap' || password));
  return {
    password,
    passkey: methods.includes('passkey') && relyingParty(ctx) !== undefined,
    // Only an address that was verified lets anybody in.
    mail: methods.includes('email') && mailRoute(ctx.config) !== 'none' && session.user.claims['email_verified'] === true,
    upstreams: upstreams.map(({ name }) => name),
  };
}

/** What a form or a link names, among the things of this very user. */
type Thing =
  | { readonly kind: 'totp' | 'passkey'; readonly id: number; readonly name: string; readonly having: SecondFactors }
  | { readonly kind: 'identity'; readonly upstream: string; readonly name: string; readonly having: SecondFactors };

async function findThing(visit: Visit, thing: string): Promise<Thing | undefined> {
  const { ctx, session } = visit;
  const having = await findSecondFactors(ctx, session.user);
  const factor = findNamed(visit, 'factor', [...having.totp, ...having.passkeys], ({ id }) => id, thing);
  if (factor !== undefined) return { kind: factor.kind, id: factor.id, name: factor.name, having };
  const identities = await ctx.store.listIdentities(ctx.tenant, session.user.id);
  const identity = findNamed(visit, 'identity', identities, identityId, thing);
  // Unlinked, they could set a password here, and be in when they are gone from there.
  const isDirectory = identity !== undefined && directoryNames(ctx).includes(identity.upstream);
  if (isDirectory && (await isKeptByDirectory(ctx, session.user))) throw new PageError('not_found', 'a directory keeps their password');
  return identity && { kind: 'identity', upstream: identity.upstream, name: upstreamName(ctx, identity.upstream, visit.locale), having };
}
