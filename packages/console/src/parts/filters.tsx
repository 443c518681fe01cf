import { Button, NativeSelect, TextInput } from '@mantine/core';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';

export interface TextFilter {
  readonly name: string;
  readonly label: string;
  readonly hint: string;
}

export interface ChoiceFilter {
  readonly name: string;
  readonly label: string;
  readonly choices: readonly { readonly value: string; readonly label: string }[];
}

/** Everything of the address's query, as text. */
export type Search = Readonly<Record<string, string | undefined>>;

export function useFilters(): Search {
  return useSearch({ strict: false });
}

/** Filters that stand in the address: what is seen can be sent to somebody else. */
export function Filters({ filters }: { readonly filters: readonly (TextFilter | ChoiceFilter)[] }) {
  const { t } = useTranslation();
  const given = useFilters();
  const navigate = useNavigate();
  const set = (name: string, value: string): void => {
    void navigate({ to: '.', search: (old: Search) => ({ ...old, [name]: value === '' ? undefined : value }), replace: true });
  };
  const isAny = filters.some(({ name }) => given[name] !== undefined);
  return (
    <search className="filters">
      {filters.map((filter) =>
        'choices' in filter ? (
          <NativeSelect
            key={filter.name}
            label={filter.label}
            value={given[filter.name] ?? ''}
            onChange={(event) => set(filter.name, event.currentTarget.value)}
            data={[{ value: '', label: t('common.all') }, ...filter.choices]}
          />
        ) : (
          <Typed key={filter.name} filter={filter} value={given[filter.name] ?? ''} onSet={(value) => set(filter.name, value)} />
        ),
      )}
      {isAny && (
        <Button
          variant="subtle"
          onClick={() =>
            void navigate({
              to: '.',
              search: (old: Search) => ({ ...old, ...Object.fromEntries(filters.map(({ name }) => [name, undefined])) }),
            })
          }
        >
          {t('common.filterReset')}
        </Button>
      )}
    </search>
  );
}

const PAUSE_MS = 250;

/** What is typed goes into the address after a pause. */
function Typed({ filter, value, onSet }: { readonly filter: TextFilter; readonly value: string; readonly onSet: (value: string) => void }) {
  const [text, setText] = useState(value);
  useEffect(() => setText(value), [value]);
  useEffect(() => {
    if (text === value) return undefined;
    // oxlint-disable-next-line hufu/time-and-chance -- how long somebody pauses, and nothing that is decided
    const timer = setTimeout(() => onSet(text.trim()), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [text, value, onSet]);
  return (
    <TextInput
      label={filter.label}
      placeholder={filter.hint}
      value={text}
      onChange={(event) => setText(event.currentTarget.value)}
      spellCheck={false}
    />
  );
}
