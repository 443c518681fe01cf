import { Button, Stack } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { goToSignIn, STEP_UP_SECONDS } from '../api/sign-in.ts';
import { Sheet } from './page.tsx';

/** In place of a form whose sending would need a newer sign-in: what is written first would be lost by it. */
export function StepUp() {
  const { t } = useTranslation();
  return (
    <Sheet>
      <Stack align="flex-start">
        <p className="faded">{t('danger.stepUp')}</p>
        <Button onClick={() => goToSignIn(STEP_UP_SECONDS)} data-testid="step-up">
          {t('danger.stepUpGo')}
        </Button>
      </Stack>
    </Sheet>
  );
}
