import { Button, Group, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import i18next from 'i18next';

const UNDO_MS = 10_000;

/** Says in the corner what has happened; where it can be undone, with the way to. */
export function tell(message: string, undo?: () => void): void {
  const id = crypto.randomUUID();
  notifications.show({
    id,
    autoClose: undo === undefined ? 4_000 : UNDO_MS,
    closeButtonProps: { 'aria-label': i18next.t('common.close') },
    message:
      undo === undefined ? (
        message
      ) : (
        <Group justify="space-between" wrap="nowrap">
          <Text size="sm">{message}</Text>
          <Button
            size="compact-sm"
            variant="default"
            onClick={() => {
              notifications.hide(id);
              undo();
            }}
          >
            {i18next.t('common.undo')}
          </Button>
        </Group>
      ),
  });
}

/** What could not be done, where there is no better place for it. */
export function tellProblem(error: unknown): void {
  notifications.show({
    color: 'cinnabar',
    autoClose: 8_000,
    closeButtonProps: { 'aria-label': i18next.t('common.close') },
    title: i18next.t('common.problem'),
    message: error instanceof Error ? error.message : '',
  });
}
