// What a campaign does to a price, as it is chosen and as it is told.
import type { Campaign, Effect } from '$lib/api/campaigns';
import type { Validity } from '$lib/api/offer';
import { dayShort, money } from '$lib/format';
import { language, t } from '$lib/i18n/index.svelte';

export const EFFECTS = ['percent_off', 'cents_off_ticket', 'cents_off_booking', 'ticket_costs'] as const;
export type EffectKind = (typeof EFFECTS)[number];

/** Its kind and number: hundredths, or cents. */
export function readEffect(effect: Effect): { kind: EffectKind; amount: number } {
	if ('percent_off' in effect) return { kind: 'percent_off', amount: effect.percent_off };
	if ('cents_off_ticket' in effect) return { kind: 'cents_off_ticket', amount: effect.cents_off_ticket };
	if ('cents_off_booking' in effect) return { kind: 'cents_off_booking', amount: effect.cents_off_booking };
	return { kind: 'ticket_costs', amount: effect.ticket_costs };
}

export function makeEffect(kind: EffectKind, amount: number): Effect {
	switch (kind) {
		case 'percent_off':
			return { percent_off: amount };
		case 'cents_off_ticket':
			return { cents_off_ticket: amount };
		case 'cents_off_booking':
			return { cents_off_booking: amount };
		case 'ticket_costs':
			return { ticket_costs: amount };
	}
}

export function effectInWords(effect: Effect): string {
	const { kind, amount } = readEffect(effect);
	const value = kind === 'percent_off' ? `${amount}%` : money(amount, language());
	return t(`campaigns.does.${kind}`, { value });
}

/** From when to when, or null where it always holds. */
export function spanInWords({ from, to }: Validity): string | null {
	const day = (text: string) => `${dayShort(text, language())} ${text.slice(0, 4)}`;
	if (from && to) return t('campaigns.fromTo', { from: day(from), to: day(to) });
	if (from) return t('campaigns.from', { from: day(from) });
	return to ? t('campaigns.to', { to: day(to) }) : null;
}

export type CampaignStage = 'PLANNED' | 'RUNNING' | 'OVER';

/** Whether its codes are taken on that day. */
export function stageOf({ sold }: Campaign, today: string): CampaignStage {
	if (sold.to && sold.to < today) return 'OVER';
	return sold.from && sold.from > today ? 'PLANNED' : 'RUNNING';
}
