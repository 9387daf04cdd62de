// Words of the page that says what is kept.
export const privacy = {
	'privacy.title': { it: 'Che cosa conserviamo', en: 'What we keep' },
	'privacy.lead': {
		it: 'Sono le stesse regole con cui il sistema cancella: quando il tempo passa, il dato se ne va da solo.',
		en: 'These are the rules by which the system deletes: when the time has passed, the record goes by itself.'
	},
	'privacy.rights': {
		it: 'Dalla pagina della tua prenotazione puoi avere una copia dei tuoi dati o farli cancellare subito: i biglietti restano validi.',
		en: 'On the page of your booking you can have a copy of your data or have them deleted at once: the tickets stay valid.'
	},
	'privacy.VISITOR': { it: 'Con il tuo nome o un tuo recapito', en: 'With your name or a contact of yours' },
	'privacy.PSEUDONYM': {
		it: 'Senza nome: un numero casuale o un’impronta con chiave sta per te',
		en: 'Without a name: a random number or a keyed hash stands for you'
	},
	'privacy.STAFF': { it: 'Con il numero di chi lavora qui', en: 'With the number of a member of staff' },
	'privacy.NOBODY': { it: 'Di nessuno', en: 'About nobody' },
	'privacy.days': { it: '{count} giorni', en: '{count} days' },
	'privacy.hours': { it: '{count} ore', en: '{count} hours' },
	'privacy.VISIT': { it: '{length} dopo la visita', en: '{length} after the visit' },
	'privacy.WRITING': { it: '{length} da quando è scritto', en: '{length} from when it was written' },
	'privacy.LINE_END': { it: '{length} dopo la fine della fila', en: '{length} after the end of the line' },
	'privacy.MONTH': { it: '{length} dopo la fine del mese', en: '{length} after the end of the month' },
	'privacy.unlimited': { it: 'Senza termine', en: 'No end' }
};
