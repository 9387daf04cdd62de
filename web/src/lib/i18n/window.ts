// Words of the window that sells without a line.
export const windowWords = {
	'window.title': { it: 'Sportello', en: 'Window' },
	'window.keyText': {
		it: 'Apri l’indirizzo che il programma della cassa ha scritto quando è partito.',
		en: 'Open the address that the desk’s program printed when it started.'
	},
	'window.stopped': {
		it: 'Il programma della cassa non risponde. Riavvialo: ciò che è venduto è conservato.',
		en: 'The desk’s program does not answer. Start it again: what was sold is kept.'
	},
	'window.online': { it: 'In linea', en: 'Online' },
	'window.offline': { it: 'Senza linea dalle {when}', en: 'Without a line since {when}' },
	'window.offlineText': {
		it: 'Si vende dai posti presi prima; le vendite partono quando la linea torna.',
		en: 'Sales go on from the places leased before; they are sent in when the line is back.'
	},
	'window.waiting': { it: '{n} vendita da inviare|{n} vendite da inviare', en: '{n} sale to send in|{n} sales to send in' },
	'window.slot': { it: 'Ora', en: 'Time' },
	'window.left': { it: '{n} posto|{n} posti', en: '{n} place|{n} places' },
	'window.nothing': {
		it: 'Questa cassa non ha posti. Chiedine finché c’è linea.',
		en: 'This desk has no places. Ask for some while the line is up.'
	},
	'window.ask': { it: 'Chiedi posti', en: 'Ask for places' },
	'window.askSlot': { it: 'Giorno e ora della visita', en: 'Day and time of the visit' },
	'window.askPlaces': { it: 'Quanti posti', en: 'How many places' },
	'window.more': { it: 'Altri 10', en: '10 more' },
	'window.giveBack': { it: 'Restituisci', en: 'Give back' },
	'window.leases': { it: 'Posti di questa cassa', en: 'Places of this desk' },
	'window.sold': { it: 'venduti {n}', en: '{n} sold' },
	'window.notFree': {
		it: 'Senza linea il totem dà solo biglietti gratuiti: per gli altri, alla cassa.',
		en: 'Without a line the totem gives free tickets only: for others, to the desk.'
	},
	'window.refused': { it: 'Vendite che non valgono', en: 'Sales that do not stand' },
	'window.refusedText': {
		it: 'Il visitatore ha un biglietto che non entra: dagliene un altro o rendi il denaro.',
		en: 'The visitor has a ticket that does not admit: give them another, or the money back.'
	}
} as const;
