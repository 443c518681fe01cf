import { runStation, type Station, type Visit } from './station.ts';

/** What stands before a station. */
export type Door = Pick<Station, 'admit' | 'busy'>;

export function run(station: Omit<Station, 'admit' | 'busy'>, door: Door): readonly Visit[] {
  return runStation({ ...station, ...door });
}

/** So many at once, whatever comes. */
export function fixedDoor(limit: number): Door {
  let inFlight = 0;
  return {
    admit() {
      if (inFlight >= limit) return undefined;
      inFlight++;
      return () => {
        inFlight--;
      };
    },
  };
}

/** So many times what can be served, all the time. */
export function overload(times: number, capacity: number): () => number {
  return () => times * capacity;
}

/** How many of those who came in that time were served within five mean services: later is too late for them. */
export function goodput(visits: readonly Visit[], fromMs: number, toMs: number, serviceMs: number): number {
  return latencies(visits, fromMs, toMs).filter((ms) => ms <= 5 * serviceMs).length;
}

/** Of those who came in that time and were let in. */
export function latencies(visits: readonly Visit[], fromMs: number, toMs: number): readonly number[] {
  return within(visits, fromMs, toMs).flatMap(({ arrivedMs, servedMs }) => (servedMs === undefined ? [] : [servedMs - arrivedMs]));
}

/** The share of those who came in that time and were not let in. */
export function refusals(visits: readonly Visit[], fromMs: number, toMs: number): number {
  const came = within(visits, fromMs, toMs);
  return came.filter(({ servedMs }) => servedMs === undefined).length / came.length;
}

export function quantile(values: readonly number[], share: number): number {
  return values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(share * values.length))] ?? 0;
}

function within(visits: readonly Visit[], fromMs: number, toMs: number): readonly Visit[] {
  return visits.filter(({ arrivedMs }) => arrivedMs >= fromMs && arrivedMs < toMs);
}
