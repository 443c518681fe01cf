import type { TFunction } from 'i18next';
import type { FieldGroup, FormField } from './form-field.ts';

type Word = keyof typeof import('../i18n/en.ts').en.edit.claim;

/** Claims of a user that have a field of their own (OpenID Connect Core §5.1), as others are in all of it. */
export function claimFields(t: TFunction): readonly FieldGroup[] {
  const text = (path: string, word: Word, hint?: string): FormField => ({
    kind: 'text',
    path: path.split('.'),
    label: t(`edit.claim.${word}`),
    ...(hint !== undefined && { hint }),
  });
  const flag = (path: string, word: Word): FormField => ({ kind: 'flag', path: [path], label: t(`edit.claim.${word}`) });
  return [
    {
      title: t('edit.group.names'),
      fields: [
        text('name', 'name'),
        text('given_name', 'givenName'),
        text('family_name', 'familyName'),
        text('nickname', 'nickname'),
        text('preferred_username', 'preferred'),
      ],
    },
    {
      title: t('edit.group.reach'),
      fields: [
        text('email', 'email'),
        flag('email_verified', 'emailVerified'),
        text('phone_number', 'phone', t('edit.hint.phone')),
        flag('phone_number_verified', 'phoneVerified'),
      ],
    },
    {
      title: t('edit.group.person'),
      fields: [
        text('picture', 'picture'),
        text('website', 'website'),
        text('gender', 'gender'),
        text('birthdate', 'birthdate', t('edit.hint.birthdate')),
        text('zoneinfo', 'zone', t('edit.hint.zone')),
        text('locale', 'locale', t('edit.hint.locale')),
      ],
    },
    {
      title: t('edit.group.address'),
      fields: [
        text('address.street_address', 'street'),
        text('address.postal_code', 'postalCode'),
        text('address.locality', 'locality'),
        text('address.region', 'region'),
        text('address.country', 'country'),
      ],
    },
  ];
}
