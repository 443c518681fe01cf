import { Button } from '@mantine/core';
import { type ReactNode, useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { goToSignIn, signOut } from '../api/sign-in.ts';
import { Mark } from '../parts/mark.tsx';
import { tellProblem } from '../parts/tell.tsx';

interface DoorProps {
  readonly id: string;
  readonly title: string;
  readonly text: string;
  readonly children: ReactNode;
}

/** What is seen from outside: one sentence and one thing to do. */
export function Door({ id, title, text, children }: DoorProps) {
  const { t } = useTranslation();
  useEffect(() => {
    document.title = `${title} · ${t('product')}`;
    document.body.dataset['page'] = `console-${id}`;
  }, [id, title, t]);
  return (
    <main className="door" id="main">
      <Mark />
      <h1>{title}</h1>
      <p>{text}</p>
      {children}
    </main>
  );
}

/** Signed in, and nobody here. */
export function NoRole() {
  const { t } = useTranslation();
  return (
    <Door id="no-role" title={t('door.noRole')} text={t('door.noRoleText')}>
      <Button onClick={() => void signOut().catch(tellProblem)}>{t('top.signOut')}</Button>
    </Door>
  );
}

/** The sign-in came back with an error: told once, and not tried again by itself. */
export function SignInFailed({ code }: { readonly code: string }) {
  const { t } = useTranslation();
  return (
    <Door id="sign-in-failed" title={t('door.failed')} text={t('door.failedText', { code: code.slice(0, 60) })}>
      <Button onClick={() => goToSignIn(0)}>{t('door.again')}</Button>
    </Door>
  );
}
