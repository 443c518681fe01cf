import { useState } from 'react';
import { useTranslation } from 'react-i18next';

/** What one colour of the bars stands for. */
export interface BarLayer {
  readonly name: string;
  readonly look: 'accent' | 'bronze';
  readonly points: readonly number[];
}

interface TimeBarsProps {
  /** What the picture says, for whoever does not see it. */
  readonly label: string;
  /** Seconds since 1970: the beginning of the first bar. */
  readonly since: number;
  readonly step: number;
  readonly layers: readonly BarLayer[];
  /** How a value of the picture is written. */
  readonly write: (value: number) => string;
  /** Where values are not counted from nothing: how high each is. */
  readonly height?: (value: number) => number;
  /** Before this nothing was counted. */
  readonly from?: number | null;
  readonly small?: boolean;
}

const WIDTH = 600;
const HEIGHT = 100;

const DAY = 86_400;
const TIME = { hour: 'numeric', minute: '2-digit' } as const;
/** How times are written: three of them under the bars, where a phone has room for a few letters each, and those of the one under the pointer. */
const WITHIN_A_DAY = { axis: TIME, exact: TIME } as const;
/** It begins and ends at the same hour. */
const OVER_A_DAY = { axis: { weekday: 'short', ...TIME }, exact: { weekday: 'short', ...TIME } } as const;
const OVER_DAYS = { axis: { month: 'short', day: 'numeric' }, exact: { month: 'short', day: 'numeric', ...TIME } } as const;

/**
 * Counts over time, as bars on top of each other, with what the one under the pointer says. Ours, and no library: the first page has room for 250 kB of script, and charts of a
 * library take half of that (docs/decisions/0038).
 */
export function TimeBars({ label, since, step, layers, write, height = (value) => value, from, small = false }: TimeBarsProps) {
  const { t, i18n } = useTranslation();
  const [shown, setShown] = useState<number>();
  const steps = layers[0]?.points.length ?? 0;
  const sums = Array.from({ length: steps }, (_, index) => layers.reduce((sum, { points }) => sum + height(points[index] ?? 0), 0));
  const most = Math.max(...sums, 1);
  const highest = Math.max(
    ...Array.from({ length: steps }, (_, index) => layers.reduce((sum, { points }) => sum + (points[index] ?? 0), 0)),
    0,
  );
  const wide = WIDTH / Math.max(steps, 1);
  const gap = Math.min(2, wide / 5);
  const blank = from === undefined || from === null ? 0 : Math.min(steps, Math.max(0, Math.floor((from - since) / step)));
  const written = (index: number, format: Intl.DateTimeFormatOptions): string =>
    new Intl.DateTimeFormat(i18n.language, format).format(new Date((since + index * step) * 1_000));
  const { axis, exact } = steps * step > DAY ? OVER_DAYS : steps * step === DAY ? OVER_A_DAY : WITHIN_A_DAY;
  const time = (index: number): string => written(index, axis);
  return (
    <div className={small ? 'time-bars small-bars' : 'time-bars'}>
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={label}
        onPointerMove={(event) => {
          const { left, width } = event.currentTarget.getBoundingClientRect();
          setShown(Math.min(steps - 1, Math.max(0, Math.floor(((event.clientX - left) / width) * steps))));
        }}
        onPointerLeave={() => setShown(undefined)}
      >
        {blank > 0 && <rect className="blank" x={0} y={0} width={blank * wide} height={HEIGHT} />}
        {shown !== undefined && <rect className="cursor" x={shown * wide} y={0} width={wide} height={HEIGHT} />}
        {sums.map((_, index) => {
          let top = HEIGHT;
          return layers.map(({ name, look, points }) => {
            const value = points[index] ?? 0;
            if (value === 0) return null;
            const high = Math.max((height(value) / most) * HEIGHT, 1.5);
            top -= high;
            return (
              <rect
                key={`${name} ${since + index * step}`}
                className={look}
                x={index * wide + gap / 2}
                y={top}
                width={wide - gap}
                height={high}
              />
            );
          });
        })}
      </svg>
      {!small && (
        <span className="peak" aria-hidden="true">
          {t('dashboard.peak', { value: write(highest) })}
        </span>
      )}
      {!small && (
        <p className="axis" aria-hidden="true">
          {shown === undefined ? (
            <>
              <span>{time(0)}</span>
              <span>{time(Math.floor(steps / 2))}</span>
              <span>{time(steps)}</span>
            </>
          ) : (
            <span className="readout">
              {written(shown, exact)}–{written(shown + 1, exact)}
              {layers.map(({ name, points }) => (
                <span key={name}>
                  {name} {write(points[shown] ?? 0)}
                </span>
              ))}
            </span>
          )}
        </p>
      )}
    </div>
  );
}
