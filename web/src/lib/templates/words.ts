// Kinds of venues and parts of an offer in words.
import type { PartName } from '$lib/api/templates';
import type { VenueKind } from '$lib/api/types';
import { t } from '$lib/i18n/index.svelte';

export const KINDS: VenueKind[] = ['MUSEUM', 'LIBRARY', 'ARCHIVE'];

export const kindNames = (kinds: VenueKind[]) => kinds.map((kind) => t(`kind.${kind}`)).join(', ');

export const partNames = (parts: PartName[]) => parts.map((part) => t(`templates.part.${part}`)).join(', ');
