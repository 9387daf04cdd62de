// Words of every page: header, footer, kinds of venue, statuses.
export const common = {
	'site.name': { it: 'atrio', en: 'atrio' },
	'site.tagline': {
		it: 'Ingressi di musei, biblioteche e archivi',
		en: 'Admission to museums, libraries and archives'
	},
	'site.network': { it: 'Rete dei luoghi della cultura', en: 'Network of cultural venues' },
	'site.skip': { it: 'Vai al contenuto', en: 'Skip to content' },
	'site.language': { it: 'Lingua', en: 'Language' },
	'nav.gate': { it: 'Varco', en: 'Gate' },
	'nav.dashboard': { it: 'Cruscotto', en: 'Dashboard' },
	'nav.desk': { it: 'Biglietteria', en: 'Ticket office' },
	'nav.offer': { it: 'Orari e prezzi', en: 'Hours and prices' },
	'nav.campaigns': { it: 'Codici sconto', en: 'Discount codes' },
	'nav.templates': { it: 'Modelli per molti luoghi', en: 'Templates for many venues' },
	'nav.refunds': { it: 'Rimborsi', en: 'Refunds' },
	'nav.webhooks': { it: 'Altri sistemi', en: 'Other systems' },
	'nav.resellers': { it: 'Rivenditori', en: 'Resellers' },
	'nav.portal': { it: 'Area rivenditori', en: 'Reseller’s area' },
	'nav.group.today': { it: 'Oggi', en: 'Today' },
	'nav.group.offer': { it: 'Che cosa offriamo', en: 'What we offer' },
	'nav.group.people': { it: 'Persone', en: 'People' },
	'nav.group.office': { it: 'Ufficio', en: 'Office' },
	'nav.groups': { it: 'Gruppi', en: 'Groups' },
	'nav.members': { it: 'Personale', en: 'Staff' },
	'nav.conflicts': { it: 'Doppi ingressi', en: 'Double entries' },
	'nav.staff': { it: 'Per il personale', en: 'For staff' },
	'footer.about': {
		it: 'atrio è la biglietteria comune dei luoghi della cultura: prenotazione, biglietto e ingresso con le stesse regole ovunque.',
		en: 'atrio is the shared ticket office of cultural venues: booking, ticket and admission under the same rules everywhere.'
	},
	'footer.sources': {
		it: 'Luoghi: dati aperti del Ministero della cultura (CC BY), indagine ISTAT sui musei (CC BY), Wikidata (CC0). Confini regionali: ISTAT (CC BY), attraverso openpolis/geojson-italy.',
		en: 'Venues: open data of the Italian Ministry of Culture (CC BY), ISTAT survey of museums (CC BY), Wikidata (CC0). Region outlines: ISTAT (CC BY), by way of openpolis/geojson-italy.'
	},
	'footer.privacy': {
		it: 'Queste pagine non usano cookie né strumenti di tracciamento.',
		en: 'These pages use no cookies and no tracking.'
	},
	'footer.kept': { it: 'Che cosa conserviamo e per quanto', en: 'What we keep and for how long' },
	'footer.api': { it: 'Descrizione dell’API (OpenAPI)', en: 'API description (OpenAPI)' },
	'kind.MUSEUM': { it: 'Museo', en: 'Museum' },
	'kind.LIBRARY': { it: 'Biblioteca', en: 'Library' },
	'kind.ARCHIVE': { it: 'Archivio di Stato', en: 'State archive' },
	'status.AVAILABLE': { it: 'disponibile', en: 'available' },
	'status.LIMITED': { it: 'pochi posti', en: 'few places' },
	'status.SOLD_OUT': { it: 'esaurito', en: 'sold out' },
	'status.CLOSED': { it: 'chiuso', en: 'closed' },
	'price.free': { it: 'Gratuito', en: 'Free' },
	'price.full': { it: 'Intero {price}', en: 'Full price {price}' },
	'common.loading': { it: 'Caricamento…', en: 'Loading…' },
	'common.retry': { it: 'Riprova', en: 'Try again' },
	'common.optional': { it: 'facoltativo', en: 'optional' },
	'common.total': { it: 'Totale', en: 'Total' },
	'common.backToVenues': { it: 'Torna all’elenco dei luoghi', en: 'Back to the list of venues' },
	'notFound.title': { it: 'Pagina non trovata', en: 'Page not found' },
	'notFound.text': {
		it: 'L’indirizzo non corrisponde a nessuna pagina. Forse il collegamento è vecchio o incompleto.',
		en: 'No page has this address. The link may be old or incomplete.'
	}
} as const;
