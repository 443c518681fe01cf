import type { LimitView } from '@hufu/protocol/admin/limits';
import { Button, Group, Textarea } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { call } from '../api/api.ts';
import { queryClient } from '../api/query-client.ts';
import { useAsk } from '../parts/danger.tsx';
import { Dialog } from '../parts/dialog.tsx';
import { useFilters } from '../parts/filters.tsx';
import { Problem } from '../parts/problem.tsx';
import { tell, tellProblem } from '../parts/tell.tsx';

/** What can be done with a limit, and the question that it opens. */
export function LimitActs({ limit }: { readonly limit: LimitView }) {
  const { t } = useTranslation();
  const ask = useAsk();
  const { name, rule, source } = limit;
  const reset = (): void => {
    call('limits.reset', { params: { name } }).then(() => {
      tell(t('limits.resetNote', { name }), () => void put(name, rule).catch(tellProblem));
      refresh();
    }, tellProblem);
  };
  return (
    <Group gap="xs" justify="flex-end" wrap="nowrap">
      {source === 'runtime' && (
        <Button size="compact-sm" variant="default" onClick={reset} aria-label={`${t('limits.reset')}: ${name}`}>
          {t('limits.reset')}
        </Button>
      )}
      <Button size="compact-sm" variant="default" onClick={() => ask(`edit-${name}`)} aria-label={`${t('limits.edit')}: ${name}`}>
        {t('limits.edit')}
      </Button>
    </Group>
  );
}

export function LimitEdit({ limit }: { readonly limit: LimitView }) {
  const { t } = useTranslation();
  const ask = useAsk();
  const isOpen = useFilters()['do'] === `edit-${limit.name}`;
  return (
    <Dialog opened={isOpen} close={() => ask(undefined)} title={t('limits.editTitle', { name: limit.name })}>
      <EditForm limit={limit} />
    </Dialog>
  );
}

function refresh(): void {
  for (const name of ['limits.list', 'limits.get']) void queryClient.invalidateQueries({ queryKey: [name] });
}

async function put(name: string, rule: unknown): Promise<void> {
  await call('limits.put', { params: { name }, body: Object(rule) });
  refresh();
}

/** There while it is asked for: what is changed, and what an undo goes back to, is what held when it was opened. */
function EditForm({ limit }: { readonly limit: LimitView }) {
  const { t } = useTranslation();
  const ask = useAsk();
  const [{ name, rule: before, source }] = useState(limit);
  const [text, setText] = useState(() => JSON.stringify(before, undefined, 2));
  const [error, setError] = useState<unknown>();
  const [isBad, setBad] = useState(false);
  const save = async (): Promise<void> => {
    setError(undefined);
    let read: unknown;
    try {
      read = JSON.parse(text);
    } catch {
      setBad(true);
      return;
    }
    try {
      await put(name, read);
      ask(undefined);
      const undo = (): void =>
        void (source === 'runtime' ? put(name, before) : call('limits.reset', { params: { name } }).then(refresh)).catch(tellProblem);
      tell(t('limits.setNote', { name }), undo);
    } catch (thrown) {
      setError(thrown);
    }
  };
  return (
    <div className="stack">
      <Textarea
        label={t('limits.rule')}
        description={t('limits.editText')}
        value={text}
        error={isBad && t('limits.badJson')}
        onChange={(event) => {
          setBad(false);
          setText(event.currentTarget.value);
        }}
        autosize
        minRows={5}
        spellCheck={false}
        styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)' } }}
      />
      {error !== undefined && <Problem error={error} />}
      <Group justify="flex-end">
        <Button variant="default" onClick={() => ask(undefined)}>
          {t('common.cancel')}
        </Button>
        <Button onClick={() => void save()}>{t('common.save')}</Button>
      </Group>
    </div>
  );
}
