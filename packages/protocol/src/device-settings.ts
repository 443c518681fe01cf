import type { FieldReader } from './field-reader.ts';

/** On how many devices of a user a client may be used, and how its tokens are held to one: the `hufu.devices` member of its metadata. */
export interface DeviceSettings {
  /** Undefined: as many as they like. */
  readonly max: number | undefined;
  /** What is counted: all devices together, or those of each type (a tablet is a mobile). */
  readonly per: 'all' | 'type';
  /** Over it the device that came first is out, or the new one is refused. */
  readonly onExceed: 'replace' | 'refuse';
  /** The key that every token and every refresh has to come with (RFC 9449, RFC 8705): only that proves a device. */
  readonly binding: 'none' | 'dpop' | 'mtls';
}

export interface DeviceSettingsWire {
  readonly max?: number;
  readonly per?: 'all' | 'type';
  readonly on_exceed?: 'replace' | 'refuse';
  readonly binding?: 'none' | 'dpop' | 'mtls';
}

export const DEFAULT_DEVICES: DeviceSettings = { max: undefined, per: 'all', onExceed: 'replace', binding: 'none' };

/** No user has more devices than this at a client. */
export const MAX_CLIENT_DEVICES: number = 100;

export function readDeviceSettings(fields: FieldReader): DeviceSettings {
  const inner = fields.object('devices');
  if (inner === undefined) return DEFAULT_DEVICES;
  const settings: DeviceSettings = {
    max: inner.integer('max', 1, MAX_CLIENT_DEVICES),
    per: inner.choice<'all' | 'type'>('per', ['all', 'type']) ?? DEFAULT_DEVICES.per,
    onExceed: inner.choice<'replace' | 'refuse'>('on_exceed', ['replace', 'refuse']) ?? DEFAULT_DEVICES.onExceed,
    binding: inner.choice<'none' | 'dpop' | 'mtls'>('binding', ['none', 'dpop', 'mtls']) ?? DEFAULT_DEVICES.binding,
  };
  inner.finish();
  return settings;
}

/** Under wire names; undefined where all of it is as it is by default. */
export function writeDeviceSettings(settings: DeviceSettings): DeviceSettingsWire | undefined {
  const { max, per, onExceed, binding } = settings;
  if (max === undefined && binding === 'none') return undefined;
  return { ...(max === undefined ? {} : { max }), per, on_exceed: onExceed, binding };
}
