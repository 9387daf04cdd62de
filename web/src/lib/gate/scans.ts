// What the gate remembers of its scans on this device, and how a scan reaches the server safely.
import { redeem, serverNow, undoRedemption } from '$lib/api/client';
import { asProblem, type Problem } from '$lib/api/problem';
import type { Direction, PartyLine, Redemption } from '$lib/api/types';
import { newUuid } from '$lib/uuid';

/** One reading of one code. The nonce stays the same however often the reading is sent. */
export interface Scan {
	nonce: string;
	code: string;
	at: number;
	direction: Direction;
	/** The area behind the gate; empty where it leads into the venue. */
	area: string;
	/** Why the steward lets in although the place is full. */
	overLimitReason: string | null;
	/** How many of the ticket's booking go through; the ticket alone where null. */
	party: PartyLine[] | null;
}

export type ScanOutcome =
	| { kind: 'admitted'; scan: Scan; redemption: Redemption }
	| { kind: 'left'; scan: Scan; redemption: Redemption }
	| { kind: 'undone'; scan: Scan; redemption: Redemption }
	| { kind: 'refused'; scan: Scan; problem: Problem }
	| { kind: 'unanswered'; scan: Scan; problem: Problem };

export const newScan = (code: string, direction: Direction, area: string): Scan => ({
	nonce: newUuid(),
	code,
	at: serverNow(),
	direction,
	area,
	overLimitReason: null,
	party: null
});

const RETRIES_MS = [400, 1200];

export async function check(
	token: string,
	venueId: string,
	gateId: string,
	scan: Scan
): Promise<ScanOutcome> {
	for (let attempt = 0; ; attempt++) {
		try {
			const redemption = await redeem(token, {
				uuid: scan.nonce,
				venue_id: venueId,
				gate_id: gateId,
				code: scan.code,
				direction: scan.direction,
				area_id: scan.area || null,
				over_limit_reason: scan.overLimitReason,
				party: scan.party
			});
			return { kind: redemption.outcome === 'LEFT' ? 'left' : 'admitted', scan, redemption };
		} catch (caught) {
			const problem = asProblem(caught);
			if (!problem.isTransient) return { kind: 'refused', scan, problem };
			const wait = RETRIES_MS[attempt];
			if (wait === undefined) return { kind: 'unanswered', scan, problem };
			await new Promise((resolve) => setTimeout(resolve, wait));
		}
	}
}

/** How many went through by a scan. */
export const people = ({ party }: Redemption) =>
	party?.reduce((sum, { quantity }) => sum + quantity, 0) ?? 1;

/** Those who went through together as one line for each unit, whatever each of them shows. */
export function byUnit(party: NonNullable<Redemption['party']>) {
	const lines: Pick<(typeof party)[number], 'unit' | 'quantity'>[] = [];
	for (const { unit, quantity } of party) {
		const known = lines.find((line) => line.unit.id === unit.id);
		if (known) known.quantity += quantity;
		else lines.push({ unit, quantity });
	}
	return lines;
}

/** What a ticket is refused with that went through before, or whose party was asked for too large. */
const OTHERS_AFTER = [
	'ticket-already-redeemed',
	'ticket-no-reentry',
	'ticket-already-out',
	'ticket-not-inside',
	'party-too-few'
];

/** Whether others of the ticket's booking may go through after this. */
export const mayHaveOthers = (outcome: ScanOutcome) =>
	outcome.kind === 'admitted' ||
	outcome.kind === 'left' ||
	(outcome.kind === 'refused' && OTHERS_AFTER.includes(outcome.problem.kind));

/** Takes an entry back: the visitor did not pass. Asked again, it is the same answer. */
export async function takeBack(
	token: string,
	venueId: string,
	gateId: string,
	{ scan, redemption }: { scan: Scan; redemption: Redemption },
	reason: string
): Promise<ScanOutcome> {
	await undoRedemption(token, scan.nonce, { venue_id: venueId, gate_id: gateId, reason });
	return { kind: 'undone', scan, redemption };
}

/** Enough of a code to recognise it in the list without showing all of it to bystanders. */
export function abbreviated(code: string): string {
	const text = code.trim();
	return text.length > 12 ? `${text.slice(0, 4)}…${text.slice(-4)}` : text;
}
