import { useDebouncedValue } from '@mantine/hooks';
import { useId } from 'react';
import { useRead } from '../api/read.ts';

const PAUSE_MS = 200;
const MANY = 20;

/** Values that a field of text offers, and takes others beside. `id` is the field’s `list`. */
export function Offers({
  id,
  values,
}: {
  readonly id: string;
  readonly values: readonly { readonly value: string; readonly label?: string }[];
}) {
  return (
    <datalist id={id}>
      {values.map(({ value, label }) => (
        <option key={value} value={value}>
          {label}
        </option>
      ))}
    </datalist>
  );
}

/** Clients whose ids begin with what is typed. */
export function useClientOffers(typed: string): {
  readonly id: string;
  readonly values: readonly { readonly value: string; readonly label: string }[];
} {
  const [prefix] = useDebouncedValue(typed.trim(), PAUSE_MS);
  const { data } = useRead('clients.list', { query: { limit: MANY, ...(prefix !== '' && { prefix }) } });
  return { id: useId(), values: (data?.body.items ?? []).map(({ client_id, name }) => ({ value: client_id, label: name })) };
}

/** Users whose names begin with what is typed. */
export function useUserOffers(typed: string): {
  readonly id: string;
  readonly values: readonly { readonly value: string; readonly label: string }[];
} {
  const [prefix] = useDebouncedValue(typed.trim(), PAUSE_MS);
  const { data } = useRead('users.list', { query: { limit: MANY, ...(prefix !== '' && { prefix }) } });
  return { id: useId(), values: (data?.body.items ?? []).map(({ username, name }) => ({ value: username, label: name ?? '' })) };
}
