import type { LimitView } from '@hufu/protocol/admin/limits';
import { Button, Group, Skeleton, Textarea } from '@mantine/core';
import { lazy, Suspense, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { call } from '../api/api.ts';
import { useMay } from '../api/me.ts';
import { queryClient } from '../api/query-client.ts';
import { useRead } from '../api/read.ts';
import { useAsk } from '../parts/danger.tsx';
import { DataTable } from '../parts/data-table.tsx';
import { Dialog } from '../parts/dialog.tsx';
import { useFilters } from '../parts/filters.tsx';
import { Empty, Page, Sheet } from '../parts/page.tsx';
import { Problem } from '../parts/problem.tsx';
import { tell, tellProblem } from '../parts/tell.tsx';

const EVERY_MS = 2_000;
/** The charts are the largest part of the console: read when somebody looks at one. */
const RefusedChart = lazy(async () => ({ default: (await import('./refused-chart.tsx')).RefusedChart }));

export function Limits() {
  const { t } = useTranslation();
  const { data, error } = useRead('limits.list', {}, { everyMs: EVERY_MS });
  const mayChange = useMay('security');
  const ask = useAsk();
  const limits = data?.body.limits;
  const reset = ({ name, rule }: LimitView): void => {
    call('limits.reset', { params: { name } }).then(() => {
      tell(t('limits.resetNote', { name }), () => void put(name, rule).catch(tellProblem));
      refresh();
    }, tellProblem);
  };
  return (
    <Page id="limits" title={t('limits.title')} lead={t('limits.lead')}>
      <div className="stack">
        {limits !== undefined && limits.length > 0 && (
          <Sheet title={t('limits.chart')}>
            <Suspense fallback={<Skeleton height={180} />}>
              <RefusedChart limits={limits} label={t('limits.chartLabel')} />
            </Suspense>
          </Sheet>
        )}
        <DataTable<LimitView>
          label={t('limits.title')}
          list={{ items: limits, error }}
          keyOf={({ name, kind }) => `${kind} ${name}`}
          columns={[
            {
              label: t('limits.name'),
              role: 'main',
              cell: ({ name, kind, rule, problem }) => (
                <>
                  <code>{name}</code>
                  <span className="sub">
                    {t(`limits.kinds.${kind}`)}
                    {Object(rule)['shadow'] === true && ` · ${t('limits.shadow')}`}
                  </span>
                  {problem !== undefined && <span className="sub">{t('limits.problem', { problem })}</span>}
                </>
              ),
            },
            { label: t('limits.rule'), cell: ({ rule }) => <code>{ruleText(rule)}</code> },
            { label: t('limits.source'), cell: ({ source }) => <span className="nowrap">{t(`limits.sources.${source}`)}</span> },
            { label: t('limits.counts'), cell: ({ counts }) => <Counts counts={counts} /> },
            ...(mayChange
              ? [
                  {
                    label: t('common.actions'),
                    role: 'acts' as const,
                    cell: (limit: LimitView) => (
                      <Group gap="xs" justify="flex-end" wrap="nowrap">
                        {limit.source === 'runtime' && (
                          <Button
                            size="compact-sm"
                            variant="default"
                            onClick={() => reset(limit)}
                            aria-label={`${t('limits.reset')}: ${limit.name}`}
                          >
                            {t('limits.reset')}
                          </Button>
                        )}
                        <Button
                          size="compact-sm"
                          variant="default"
                          onClick={() => ask(`edit-${limit.name}`)}
                          aria-label={`${t('limits.edit')}: ${limit.name}`}
                        >
                          {t('limits.edit')}
                        </Button>
                      </Group>
                    ),
                  },
                ]
              : []),
          ]}
          empty={<Empty title={t('limits.emptyTitle')} text={t('limits.emptyText')} />}
        />
        {mayChange && limits?.map((limit) => <Edit key={`${limit.kind} ${limit.name}`} limit={limit} />)}
      </div>
    </Page>
  );
}

function refresh(): void {
  void queryClient.invalidateQueries({ queryKey: ['limits.list'] });
}

async function put(name: string, rule: unknown): Promise<void> {
  await call('limits.put', { params: { name }, body: Object(rule) });
  refresh();
}

function ruleText(rule: unknown): string {
  if (typeof rule !== 'object' || rule === null) return String(rule);
  return Object.entries(rule)
    .map(([name, value]) => `${name}: ${typeof value === 'object' ? JSON.stringify(value) : String(value)}`)
    .join(', ');
}

function Counts({ counts }: { readonly counts: LimitView['counts'] }) {
  const some = Object.entries(counts ?? {}).filter(([, count]) => count > 0);
  if (some.length === 0) return <span className="faded">0</span>;
  return some.map(([name, count]) => (
    <div key={name} className="nowrap">
      {name} {count}
    </div>
  ));
}

function Edit({ limit }: { readonly limit: LimitView }) {
  const { t } = useTranslation();
  const ask = useAsk();
  const isOpen = useFilters()['do'] === `edit-${limit.name}`;
  return (
    <Dialog opened={isOpen} close={() => ask(undefined)} title={t('limits.editTitle', { name: limit.name })}>
      <EditForm limit={limit} />
    </Dialog>
  );
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
