// How the state of a device is said in a few words.
import type { Device, DeviceHealth, DeviceObservation } from '$lib/api/types';
import { count, type Language } from '$lib/format';
import { t } from '$lib/i18n/index.svelte';

/** The colour of a tag; the words beside it say the same. */
export const tone: Record<DeviceHealth, 'good' | 'bad' | 'warn'> = {
	GOOD: 'good',
	NEEDS_CARE: 'warn',
	NEVER_HEARD: 'warn',
	SILENT: 'bad',
	AT_FAULT: 'bad',
	REVOKED: 'bad'
};

export const battery = (device: Device) =>
	device.battery_percent === null ? t('devices.unknown') : `${device.battery_percent} %`;

export function signal(device: Device): string {
	if (device.rssi_dbm !== null) return `${device.rssi_dbm} dBm`;
	return device.signal_percent === null ? t('devices.unknown') : `${device.signal_percent} %`;
}

export const lost = (device: Device) =>
	device.missing_per_thousand === null
		? t('devices.unnumbered')
		: t('devices.ofThousand', { count: device.missing_per_thousand });

/** What was observed. */
export function what(one: DeviceObservation): string {
	if (one.quantity !== null) return one.quantity;
	if (one.location_code === null) return t('devices.people');
	return `${t('devices.people')}, ${one.location_code} (${one.origin})`;
}

/** How much of it. */
export function howMuch(one: DeviceObservation, language: Language): string {
	if (one.suppressed) return t('devices.suppressed');
	if (one.quantity !== null) {
		const unit = one.unit === '1' ? '' : ` ${one.unit}`;
		if (one.value !== null) return `${one.value}${unit}`;
		return t('devices.sum', { sum: `${one.running_sum}${unit}` });
	}
	const people = count(one.people ?? 0, language);
	if (one.people_towards === null || one.people_away === null) return people;
	return t('devices.inOut', { count: people, inside: one.people_towards, outside: one.people_away });
}

/** How far it may be trusted. */
export function quality(one: DeviceObservation): string {
	const words = t(`devices.q.${one.quality}`, { count: one.missing_before });
	return one.version > 1 ? `${words}, ${t('devices.version', { count: one.version })}` : words;
}
