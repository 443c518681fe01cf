import { Button, Group } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { goToSignIn, signOut } from '../api/sign-in.ts';
import { Empty, Page } from '../parts/page.tsx';
import { tellProblem } from '../parts/tell.tsx';

/** Signed in, and nobody here. */
export function NoRole() {
  const { t } = useTranslation();
  return (
    <main className="main">
      <Page id="no-role" title={t('door.noRole')}>
        <Empty
          title={t('door.noRole')}
          text={t('door.noRoleText')}
          act={<Button onClick={() => void signOut().catch(tellProblem)}>{t('top.signOut')}</Button>}
        />
      </Page>
    </main>
  );
}

/** The sign-in came back with an error: told once, and not tried again by itself. */
export function SignInFailed({ code }: { readonly code: string }) {
  const { t } = useTranslation();
  return (
    <main className="main">
      <Page id="sign-in-failed" title={t('door.failed')}>
        <Empty
          title={t('door.failed')}
          text={t('door.failedText', { code: code.slice(0, 60) })}
          act={
            <Group justify="center">
              <Button onClick={() => goToSignIn(0)}>{t('door.again')}</Button>
            </Group>
          }
        />
      </Page>
    </main>
  );
}
