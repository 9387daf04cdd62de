// The month as weeks of days, Monday first. Pure.
import type { Slot } from '../api/types';
import { addDays } from '../format';

/** `2026-11` moved by whole months. */
export function addMonths(month: string, months: number): string {
	const [year = 0, number = 1] = month.split('-').map(Number);
	const moved = new Date(Date.UTC(year, number - 1 + months, 1));
	return moved.toISOString().slice(0, 7);
}

export function lastDay(month: string): string {
	return addDays(`${addMonths(month, 1)}-01`, -1);
}

/** Weeks of a month; null where the week belongs to a neighbour. */
export function weeksOf(month: string): (string | null)[][] {
	const first = `${month}-01`;
	const last = lastDay(month);
	const lead = (new Date(`${first}T12:00:00Z`).getUTCDay() + 6) % 7;
	const cells: (string | null)[] = Array(lead).fill(null);
	for (let day = first; day <= last; day = addDays(day, 1)) cells.push(day);
	while (cells.length % 7) cells.push(null);
	return Array.from({ length: cells.length / 7 }, (_, week) => cells.slice(week * 7, week * 7 + 7));
}

export const isBookable = (status: string | undefined) => status === 'AVAILABLE' || status === 'LIMITED';

/** A day that can be looked at: one that is sold out has lines to wait in. */
export const isOpen = (status: string | undefined) => isBookable(status) || status === 'SOLD_OUT';

/** Whether one can wait for places of a slot: all are taken, and it has not started by `now`. */
export const takesWaiting = (slot: Slot, now: number) =>
	slot.status === 'SOLD_OUT' && Date.parse(slot.start) > now;
