import type { Preset } from './preset.ts';
import { alipay } from './presets/alipay.ts';
import { apple } from './presets/apple.ts';
import { dingtalk } from './presets/dingtalk.ts';
import { github } from './presets/github.ts';
import { google } from './presets/google.ts';
import { microsoft } from './presets/microsoft.ts';
import { wechat } from './presets/wechat.ts';

/** Every `preset`. */
export const PRESETS: ReadonlyMap<string, Preset> = new Map([
  ['google', google],
  ['github', github],
  ['microsoft', microsoft],
  ['apple', apple],
  ['wechat', wechat],
  ['alipay', alipay],
  ['dingtalk', dingtalk],
]);
