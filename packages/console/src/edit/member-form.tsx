import type { ProblemPart } from '@hufu/protocol/admin/problem';
import { Checkbox, NativeSelect, Stack, Textarea, TextInput } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { Sheet } from '../parts/page.tsx';
import { type FieldGroup, type FormField, textOf, withText } from './form-field.ts';
import { type Members, memberAt, withMember } from './members.ts';
import { partsOf } from './problem-parts.ts';

interface MemberFormProps {
  readonly groups: readonly FieldGroup[];
  readonly value: Members;
  readonly base: Members;
  readonly parts: readonly ProblemPart[];
  readonly isFixed: boolean;
  readonly onChange: (value: Members) => void;
}

/** The members that have a field of their own; all others stay as they are. */
export function MemberForm({ groups, ...rest }: MemberFormProps) {
  return (
    <div className="edit-groups">
      {groups.map(({ title, fields }) => (
        <Sheet key={title} title={title}>
          <Stack gap="md">
            {fields.map((field) => (
              <Field key={field.path.join('.')} field={field} {...rest} />
            ))}
          </Stack>
        </Sheet>
      ))}
    </div>
  );
}

function Field({ field, value, base, parts, isFixed, onChange }: Omit<MemberFormProps, 'groups'> & { readonly field: FormField }) {
  const { t } = useTranslation();
  const { path, label, hint, kind } = field;
  const faults = partsOf(parts, path).map(({ at, detail }) => (at === '' ? detail : `${at}: ${detail}`));
  const common = {
    label,
    description: hint,
    'data-member': path.join('.'),
    error: faults.length === 0 ? undefined : <span lang="en">{faults.join('; ')}</span>,
  };
  if (kind === 'flag') {
    const off = memberAt(base, path) === undefined ? undefined : false;
    return (
      <Checkbox
        {...common}
        disabled={isFixed}
        checked={memberAt(value, path) === true}
        onChange={(event) => onChange(withMember(value, path, event.currentTarget.checked ? true : off))}
      />
    );
  }
  const text = textOf(value, field);
  const fixed = isFixed ? { readOnly: true, classNames: { input: 'fixed-field' } } : {};
  if (kind === 'choice' && !isFixed) {
    const choices = field.choices ?? [];
    // What somebody has written into all of it stays to be seen.
    const more = text === '' || choices.some((one) => one.value === text) ? [] : [{ value: text, label: text }];
    return (
      <NativeSelect
        {...common}
        value={text}
        onChange={(event) => onChange(withText(value, field, event.currentTarget.value))}
        data={[{ value: '', label: t('edit.usual') }, ...choices, ...more]}
      />
    );
  }
  if (kind === 'choices') {
    const member = memberAt(value, path);
    const chosen: readonly unknown[] = Array.isArray(member) ? member : [];
    const toggle = (name: string, isOn: boolean): void => {
      const next = isOn ? [...chosen, name] : chosen.filter((one) => one !== name);
      onChange(withMember(value, path, next.length === 0 ? undefined : next));
    };
    return (
      <Checkbox.Group label={label} error={common.error} value={chosen.map(String)}>
        <Stack gap={6} mt={6}>
          {(field.choices ?? []).map((one) => (
            <Checkbox
              key={one.value}
              value={one.value}
              label={one.label}
              disabled={isFixed}
              checked={chosen.includes(one.value)}
              onChange={(event) => toggle(one.value, event.currentTarget.checked)}
            />
          ))}
        </Stack>
      </Checkbox.Group>
    );
  }
  const typed = { ...common, ...fixed, value: text, spellCheck: false, autoComplete: 'off' };
  return kind === 'lines' ? (
    <Textarea
      {...typed}
      autosize
      minRows={2}
      maxRows={12}
      onChange={(event) => onChange(withText(value, field, event.currentTarget.value))}
    />
  ) : (
    <TextInput {...typed} onChange={(event) => onChange(withText(value, field, event.currentTarget.value))} />
  );
}
