import { StoreUnavailable } from '../port.ts';

export interface BatchOptions<Item, Answer> {
  /** Items with the same key may go together. */
  key(item: Item): string;
  /** Answers in the order of its items. If it fails, all of them fail: their acts are one act. */
  send(items: readonly Item[]): Promise<readonly Answer[]>;
}

/**
 * One statement for what arrives together: a statement of its own for each would cost a round trip, a plan's start and (where it
 * writes) a flush each. What arrives while `MAX_IN_FLIGHT` batches are under way waits for the next; a lone caller waits for nobody.
 */
export function batch<Item, Answer>({ key, send }: BatchOptions<Item, Answer>): (item: Item) => Promise<Answer> {
  /** In order of arrival, by key. A key is there as long as something waits under it. */
  const queues = new Map<string, Waiting<Item, Answer>[]>();
  let waiting = 0;
  let inFlight = 0;
  let isScheduled = false;

  function pump(): void {
    isScheduled = false;
    while (inFlight < MAX_IN_FLIGHT) {
      const [first] = queues;
      if (first === undefined) return;
      const [name, queue] = first;
      const taken = queue.splice(0, MAX_ITEMS);
      waiting -= taken.length;
      // What is left goes behind the other keys, so that a busy one starves nobody.
      queues.delete(name);
      if (queue.length > 0) queues.set(name, queue);
      inFlight++;
      void deliver(taken);
    }
  }

  async function deliver(taken: readonly Waiting<Item, Answer>[]): Promise<void> {
    try {
      await answer(taken);
    } finally {
      inFlight--;
      pump();
    }
  }

  async function answer(taken: readonly Waiting<Item, Answer>[]): Promise<void> {
    try {
      const answers = await send(taken.map(({ item }) => item));
      if (answers.length !== taken.length) throw new Error(`${answers.length} answers for ${taken.length} items`);
      for (const [index, each] of answers.entries()) taken[index]?.resolve(each);
    } catch (error) {
      if (error instanceof StoreUnavailable || taken.length === 1) {
        for (const { reject } of taken) reject(error);
        return;
      }
      // One that the database cannot even read must not fail its neighbours: nothing of the batch has happened, so each goes alone.
      for (const one of taken) await answer([one]);
    }
  }

  return (item) =>
    new Promise((resolve, reject) => {
      if (waiting >= MAX_WAITING) {
        reject(new StoreUnavailable(`${MAX_WAITING} calls already wait for the database`));
        return;
      }
      const name = key(item);
      const queue = queues.get(name);
      if (queue === undefined) queues.set(name, [{ item, resolve, reject }]);
      else queue.push({ item, resolve, reject });
      waiting++;
      if (isScheduled || inFlight >= MAX_IN_FLIGHT) return;
      isScheduled = true;
      setImmediate(pump);
    });
}

interface Waiting<Item, Answer> {
  readonly item: Item;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

const MAX_ITEMS = 128;
/** Two, so that one batch that waits for a row lock does not hold up everybody. */
const MAX_IN_FLIGHT = 2;
const MAX_WAITING = 4096;
