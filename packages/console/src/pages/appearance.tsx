import { AdminError } from '@hufu/client/admin';
import type { AppearancePreview, AppearanceQuestion, AppearanceSettings, PreviewedPage, Theme } from '@hufu/protocol/admin/appearance';
import { Button, ColorInput, FileButton, Group, NativeSelect, SegmentedControl, Skeleton, Textarea, TextInput } from '@mantine/core';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { call } from '../api/api.ts';
import { useRead } from '../api/read.ts';
import { type Search, useFilters } from '../parts/filters.tsx';
import { Page, Sheet, State } from '../parts/page.tsx';
import { PreviewFrame } from '../parts/preview-frame.tsx';
import { Problem } from '../parts/problem.tsx';
import { Yaml } from '../parts/yaml.tsx';
import { readMark } from './read-mark.ts';

const PAGES: readonly PreviewedPage[] = ['signin', 'consent', 'device', 'account', 'mail'];
const PAUSE_MS = 300;

/** What people see of the service: tried on here, and written down in hufu.yaml. */
export function AppearancePage() {
  const { t } = useTranslation();
  const { data, error, refetch } = useRead('appearance.get', {});
  return (
    <Page id="appearance" title={t('appearance.title')} lead={t('appearance.lead')}>
      {data === undefined ? (
        error === null ? (
          <Skeleton height={500} />
        ) : (
          <Problem error={error} retry={() => void refetch()} />
        )
      ) : (
        <TryOn held={data.body} />
      )}
    </Page>
  );
}

function TryOn({ held }: { readonly held: AppearanceSettings }) {
  const { t } = useTranslation();
  const [wanted, setWanted] = useState(held);
  const question = useQuestion(wanted);
  const { data: answered, error } = useQuery({
    queryKey: ['appearance.preview', question],
    queryFn: async ({ signal }) => (await call('appearance.preview', { body: question, signal })).body,
    placeholderData: keepPreviousData,
    retry: false,
  });
  const data = useLatest(answered);
  const faults = error instanceof AdminError ? error.errors : [];
  const faultOf = (name: string): string | undefined => faults.find(({ pointer }) => pointer === `/appearance/${name}`)?.detail;
  return (
    <div className="try-on">
      <div>
        <Sheet title={t('appearance.settings')}>
          <Fields wanted={wanted} faultOf={faultOf} change={(more) => setWanted((old) => without({ ...old, ...more }))} />
          {data?.accent !== undefined && wanted.accent !== undefined && <Contrast accent={data.accent} />}
          {JSON.stringify(wanted) !== JSON.stringify(held) && (
            <Button mt="md" variant="default" size="xs" onClick={() => setWanted(held)}>
              {t('appearance.reset')}
            </Button>
          )}
        </Sheet>
      </div>
      <div className="try-on-preview">
        <Sheet title={t('appearance.preview')}>
          <Aspects />
          {error !== null && faults.length === 0 && <Problem error={error} />}
          {data === undefined ? (
            error === null && <Skeleton height={500} />
          ) : (
            <PreviewFrame html={data.html} title={t('appearance.preview')} height="46rem" />
          )}
        </Sheet>
      </div>
      {data !== undefined && (
        <div>
          <Sheet title={t('appearance.yaml')}>
            <p className="note">{t('appearance.yamlText')}</p>
            <Yaml text={data.yaml} label={t('appearance.yaml')} />
          </Sheet>
        </div>
      )}
    </div>
  );
}

interface FieldsProps {
  readonly wanted: AppearanceSettings;
  readonly faultOf: (name: string) => string | undefined;
  readonly change: (more: { readonly [Name in keyof AppearanceSettings]: AppearanceSettings[Name] | undefined }) => void;
}

function Fields({ wanted, faultOf, change }: FieldsProps) {
  const { t } = useTranslation();
  const [fault, setFault] = useState<string>();
  const choose = (file: File | null): void => {
    if (file === null) return;
    readMark(file).then(
      (mark) => {
        setFault(undefined);
        change({ mark });
      },
      () => setFault(t('appearance.noPicture')),
    );
  };
  const problem = fault ?? faultOf('mark');
  return (
    <div className="fields">
      <TextInput
        label={t('appearance.name')}
        description={t('appearance.nameText')}
        value={wanted.name ?? ''}
        maxLength={40}
        error={faultOf('name')}
        onChange={(event) => change({ name: event.currentTarget.value })}
      />
      <div>
        <p className="label" id="mark-label">
          {t('appearance.mark')}
        </p>
        <p className="faded small">{t('appearance.markText')}</p>
        <Group gap="xs" mt={6} role="group" aria-labelledby="mark-label">
          {wanted.mark !== undefined && <img className="mark-shown" src={wanted.mark} alt={t('appearance.mark')} height={28} />}
          <FileButton onChange={choose} accept="image/png,image/jpeg,image/webp,image/svg+xml">
            {(props) => (
              <Button {...props} size="xs" variant="default">
                {t('appearance.chooseMark')}
              </Button>
            )}
          </FileButton>
          {wanted.mark !== undefined && (
            <Button size="xs" variant="subtle" onClick={() => change({ mark: undefined })}>
              {t('appearance.noMark')}
            </Button>
          )}
        </Group>
        {problem !== undefined && (
          <p className="small fault" role="alert">
            {problem}
          </p>
        )}
      </div>
      <ColorInput
        label={t('appearance.accent')}
        description={t('appearance.accentText')}
        placeholder="#1f6a5c"
        format="hex"
        value={wanted.accent ?? ''}
        withEyeDropper={false}
        error={faultOf('accent')}
        onChange={(accent) => change({ accent })}
      />
      {(['terms', 'privacy', 'support'] as const).map((name) => (
        <TextInput
          key={name}
          type="url"
          label={t(`appearance.${name}`)}
          placeholder="https://"
          value={wanted[name] ?? ''}
          error={faultOf(name)}
          onChange={(event) => change({ [name]: event.currentTarget.value })}
        />
      ))}
      {(['en', 'zh-CN'] as const).map((locale) => (
        <Textarea
          key={locale}
          label={t(locale === 'en' ? 'appearance.noteEn' : 'appearance.noteZh')}
          autosize
          minRows={2}
          maxLength={300}
          value={wanted.note?.[locale] ?? ''}
          error={faultOf(`note/${locale}`)}
          onChange={(event) => change({ note: without({ ...wanted.note, [locale]: event.currentTarget.value.replaceAll('\n', ' ') }) })}
        />
      ))}
    </div>
  );
}

/** How the accent can be read, and what stands in for it where it cannot. */
function Contrast({ accent: { day, night } }: { readonly accent: NonNullable<AppearancePreview['accent']> }) {
  const { t } = useTranslation();
  return (
    <div className="contrast" role="status">
      {(
        [
          ['light', day],
          ['dark', night],
        ] as const
      ).map(([theme, { colour, contrast, adapted }]) => (
        <p key={theme}>
          <State mood={adapted ? 'wait' : 'good'}>
            {t(adapted ? 'appearance.adapted' : 'appearance.readable', { theme: t(`top.${theme}`), colour, contrast })}
          </State>
        </p>
      ))}
    </div>
  );
}

/** Which page, in which language and theme: it stands in the address. */
function Aspects() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const { page, locale, theme } = useAspects();
  const set = (name: string, value: string): void => {
    void navigate({ to: '.', search: (old: Search) => ({ ...old, [name]: value }), replace: true });
  };
  return (
    <Group className="aspects" gap="sm" mb="sm" align="flex-end">
      <NativeSelect
        label={t('appearance.page')}
        value={page}
        onChange={(event) => set('page', event.currentTarget.value)}
        data={PAGES.map((one) => ({ value: one, label: t(`appearance.pages.${one}`) }))}
      />
      <SegmentedControl
        aria-label={t('top.language')}
        value={locale}
        onChange={(value) => set('lang', value)}
        data={[
          { value: 'en', label: 'English' },
          { value: 'zh-CN', label: '简体中文' },
        ]}
      />
      <SegmentedControl
        aria-label={t('top.theme')}
        value={theme}
        onChange={(value) => set('theme', value)}
        data={[
          { value: 'light', label: t('top.light') },
          { value: 'dark', label: t('top.dark') },
        ]}
      />
    </Group>
  );
}

function useAspects(): Pick<AppearanceQuestion, 'page' | 'locale' | 'theme'> {
  const { i18n } = useTranslation();
  const { page, lang, theme } = useFilters();
  const locale = lang ?? i18n.language;
  return {
    page: PAGES.find((one) => one === page) ?? 'signin',
    locale: locale.startsWith('zh') ? 'zh-CN' : 'en',
    theme: (theme === 'dark' ? 'dark' : 'light') satisfies Theme,
  };
}

/** What was there last stays while something is refused. */
function useLatest<T>(value: T | undefined): T | undefined {
  const [latest, setLatest] = useState(value);
  useEffect(() => {
    if (value !== undefined) setLatest(value);
  }, [value]);
  return value ?? latest;
}

/** What is asked, a moment after somebody has stopped typing; what is not yet a colour is no question. */
function useQuestion(wanted: AppearanceSettings): AppearanceQuestion {
  const [asked, setAsked] = useState(wanted);
  useEffect(() => {
    // oxlint-disable-next-line hufu/time-and-chance -- how long somebody pauses, and nothing that is decided
    const timer = setTimeout(() => setAsked(isWhole(wanted) ? wanted : without({ ...wanted, accent: undefined })), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [wanted]);
  return { ...useAspects(), appearance: asked };
}

function isWhole({ accent }: AppearanceSettings): boolean {
  return accent === undefined || /^#(?:[0-9a-f]{3}|[0-9a-f]{6})$/i.test(accent);
}

/** Nothing is said where nothing is written. */
function without<T extends object>(values: T): { readonly [Name in keyof T]?: Exclude<T[Name], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined && value !== '')) as {
    readonly [Name in keyof T]?: Exclude<T[Name], undefined>;
  };
}
