import { type AuthorizationDetail, type DetailField, locationsOf } from '@hufu/protocol/authorization-details';
import { localize } from '@hufu/protocol/localized';
import type { AuthorizationRequest } from '../authorize/authorization-request.ts';
import type { Context } from '../context.ts';
import type { DetailFact, DetailView } from './pages/authorization-detail.ts';
import type { Locale } from './pages/messages/locale.ts';

/** What the consent page shows of `authorization_details`: each entry with every member, in the order of its type (RFC 9396 §12). */
export function detailViews(ctx: Context, { authorizationDetails }: AuthorizationRequest, locale: Locale): readonly DetailView[] {
  return authorizationDetails.map((detail) => {
    const type = ctx.config.policies.authorizationDetails.find((known) => known.type === detail['type']);
    return {
      type: String(detail['type']),
      sentence: localize(type?.description, locale) ?? '',
      facts: factsOf(type?.fields ?? [], detail, [], locale),
      locations: locationsOf(detail),
    };
  });
}

function factsOf(
  fields: readonly DetailField[],
  holder: AuthorizationDetail,
  above: readonly string[],
  locale: Locale,
): readonly DetailFact[] {
  return fields.flatMap((field): readonly DetailFact[] => {
    const value = holder[field.name];
    if (value === undefined) return [];
    const label = [...above, localize(field.label, locale) ?? field.name];
    if (field.value.kind === 'object') return isObject(value) ? factsOf(field.value.fields, value, label, locale) : [];
    return [{ label, values: (Array.isArray(value) ? value : [value]).map((item) => (typeof item === 'boolean' ? item : String(item))) }];
  });
}

function isObject(value: unknown): value is AuthorizationDetail {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
