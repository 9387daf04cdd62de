import { hasMessage, t } from '$lib/i18n/index.svelte';

/** What a kind of event means, in words; its own name where there are none yet. */
export function kindName(kind: string): string {
	const key = `webhooks.kind.${kind}`;
	return hasMessage(key) ? t(key) : kind;
}
