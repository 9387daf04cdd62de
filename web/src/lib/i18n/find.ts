// Words of the page that finds a venue.
export const find = {
	'find.title': { it: 'Trova un luogo della cultura', en: 'Find a cultural venue' },
	'find.heading': { it: 'Scegli il luogo, prenota l’ingresso', en: 'Choose a venue, book your visit' },
	'find.lead': {
		it: 'Musei, aree archeologiche, biblioteche e archivi di Stato: giorno, orario e posto garantito, con la tariffa spiegata prima di pagare.',
		en: 'Museums, archaeological sites, libraries and state archives: a day, a time and a guaranteed place, with the price explained before you pay.'
	},
	'find.search': { it: 'Nome o comune', en: 'Name or town' },
	'find.searchHint': { it: 'per esempio: archeologico, Matera', en: 'for example: archeologico, Matera' },
	'find.region': { it: 'Regione', en: 'Region' },
	'find.allRegions': { it: 'Tutte le regioni', en: 'All regions' },
	'find.kind': { it: 'Tipo', en: 'Kind' },
	'find.allKinds': { it: 'Tutti i tipi', en: 'All kinds' },
	'find.price': { it: 'Ingresso', en: 'Admission' },
	'find.anyPrice': { it: 'Tutti', en: 'All' },
	'find.free': { it: 'Gratuito', en: 'Free' },
	'find.paid': { it: 'A pagamento', en: 'Paid' },
	'find.clear': { it: 'Togli i filtri', en: 'Clear filters' },
	'find.results': { it: '{n} luogo|{n} luoghi', en: '{n} venue|{n} venues' },
	'find.none': { it: 'Nessun luogo con questi filtri.', en: 'No venue matches these filters.' },
	'find.noneHint': {
		it: 'Prova con meno parole, o con il solo comune.',
		en: 'Try fewer words, or the town alone.'
	},
	'find.more': { it: 'Mostra altri {n}', en: 'Show {n} more' },
	'find.show': { it: 'Mostra', en: 'Show' },
	'find.asList': { it: 'Elenco', en: 'List' },
	'find.asMap': { it: 'Mappa', en: 'Map' },
	'find.list': { it: 'Elenco dei luoghi', en: 'List of venues' },
	'find.map': { it: 'Mappa dei luoghi', en: 'Map of the venues' },
	'find.mapLabel': {
		it: 'Mappa d’Italia con {n} luoghi. Gli stessi luoghi sono nell’elenco della pagina.',
		en: 'Map of Italy with {n} venues. The same venues are in the list on this page.'
	},
	'find.mapHint': {
		it: 'Tocca una regione per ingrandirla, un punto per aprire il luogo.',
		en: 'Choose a region to enlarge it, a point to open the venue.'
	},
	'find.wholeMap': { it: 'Tutta Italia', en: 'All of Italy' }
} as const;
