import { isProblem } from '@hufu/client/admin';
import type { Effect } from '@hufu/protocol/admin/operation';
import { Button, Group, Skeleton, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useLocation, useNavigate } from '@tanstack/react-router';
import { type ReactNode, useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { isRecent, useMe } from '../api/me.ts';
import { goToSignIn, STEP_UP_SECONDS } from '../api/sign-in.ts';
import { Dialog } from './dialog.tsx';
import { type Search, useFilters } from './filters.tsx';
import { Problem } from './problem.tsx';

export interface DangerProps<Looked> {
  /** As it stands in the address (`?do=…`): after a new sign-in the same question is there again. */
  readonly name: string;
  readonly title: string;
  readonly text: string;
  readonly label: string;
  /** Asks the API what would happen; nothing changes. */
  readonly look?: () => Promise<Looked>;
  readonly told?: (looked: Looked) => ReactNode;
  readonly act: () => Promise<unknown>;
  readonly done: () => void;
  /** Not everything that asks first destroys. */
  readonly calm?: boolean;
  /** Before the page is left for a sign-in: what was written is to be there again afterwards. */
  readonly leaving?: () => void;
  readonly isWide?: boolean;
  readonly children?: ReactNode;
}

/** Opens the question of this name. */
export function useAsk(): (name: string | undefined) => void {
  const navigate = useNavigate();
  return (name) => void navigate({ to: '.', search: (old: Search) => ({ ...old, do: name }), replace: true });
}

/**
 * What is dangerous: says first what will happen, by the API's own dry run, then asks for a new sign-in where the last one is too long ago, and only then for the act.
 */
export function Danger<Looked = Effect>({
  name,
  title,
  text,
  label,
  look,
  told,
  act,
  done,
  calm,
  leaving,
  isWide,
  children,
}: DangerProps<Looked>) {
  const { t } = useTranslation();
  const me = useMe();
  const ask = useAsk();
  const isAsked = useFilters()['do'] === name;
  // Done while the address still asks: nobody looks again at what may be gone.
  const [isOver, setOver] = useState(false);
  useEffect(() => {
    if (!isAsked) setOver(false);
  }, [isAsked]);
  const isOpen = isAsked && !isOver;
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const { pathname } = useLocation();
  // Of this very thing and of now: what was found of another one by the same question, or a while ago, is told to nobody.
  const looked = useQuery({
    queryKey: ['look', pathname, name],
    queryFn: () => look?.() ?? null,
    enabled: isOpen && look !== undefined,
    staleTime: 0,
    gcTime: 0,
  });
  const isLooking = looked.isFetching || !looked.isSuccess;
  const recent = isRecent(me);

  function prove(): void {
    leaving?.();
    goToSignIn(STEP_UP_SECONDS);
  }

  async function go(): Promise<void> {
    setBusy(true);
    setError(undefined);
    try {
      await act();
      setOver(true);
      ask(undefined);
      done();
    } catch (thrown) {
      if (isProblem(thrown, 'insufficient_user_authentication')) prove();
      else setError(thrown);
    } finally {
      setBusy(false);
    }
  }

  return (
    <Dialog opened={isOpen} close={() => ask(undefined)} title={title} {...(isWide !== undefined && { isWide })}>
      <div className="stack">
        <Text>{text}</Text>
        {children}
        {look !== undefined && (
          <div aria-live="polite">
            {looked.error !== null ? (
              <Problem error={looked.error} />
            ) : isLooking || looked.data === undefined || looked.data === null ? (
              <Skeleton height={20} aria-label={t('danger.looking')} />
            ) : (
              <Text fw={600} data-testid="effect">
                {told === undefined ? <EffectText effect={looked.data as unknown as Effect} /> : told(looked.data)}
              </Text>
            )}
          </div>
        )}
        {error !== undefined && <Problem error={error} />}
        {!recent && <Text c="dimmed">{t('danger.stepUp')}</Text>}
        <Group justify="flex-end">
          <Button variant="default" onClick={() => ask(undefined)}>
            {t('common.cancel')}
          </Button>
          {recent ? (
            <Button
              color={calm === true ? 'verdigris' : 'cinnabar'}
              loading={busy}
              disabled={look !== undefined && isLooking}
              onClick={() => void go()}
              data-testid="go"
            >
              {label}
            </Button>
          ) : (
            <Button onClick={prove} data-testid="step-up">
              {t('danger.stepUpGo')}
            </Button>
          )}
        </Group>
      </div>
    </Dialog>
  );
}

/** How many grants end, of how many users. */
export function EffectText({ effect: { grants, users, capped } }: { readonly effect: Effect }) {
  const { t } = useTranslation();
  if (grants === 0) return <>{t('danger.effectNone')}</>;
  return <>{t(capped ? 'danger.effectCapped' : 'danger.effect', { grants, users })}</>;
}
