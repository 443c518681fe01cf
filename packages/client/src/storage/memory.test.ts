import { testPlace } from '../testing/place-contract.ts';
import { memoryPlace } from './memory.ts';

const place = memoryPlace();
testPlace('memory', async () => place);
