// Words of the manager's dashboard.
export const dashboard = {
	'dash.title': { it: 'Cruscotto', en: 'Dashboard' },
	'dash.venue': { it: 'Luogo', en: 'Venue' },
	'dash.day': { it: 'Giorno', en: 'Day' },
	'dash.live': { it: 'In diretta', en: 'Live' },
	'dash.paused': { it: 'In pausa', en: 'Paused' },
	'dash.lost': { it: 'Connessione persa, riprovo', en: 'Connection lost, retrying' },
	'dash.asOf': { it: 'Dati alle {time}', en: 'Data as of {time}' },
	'dash.visitors': { it: 'Visitatori prenotati', en: 'Visitors booked' },
	'dash.bookings': { it: 'Prenotazioni', en: 'Bookings' },
	'dash.admissions': { it: 'Ingressi al varco', en: 'Admissions at the gate' },
	'dash.peopleIn': { it: 'Persone contate in entrata', en: 'People counted in' },
	'dash.peopleOut': { it: '{n} in uscita', en: '{n} out' },
	'dash.occupancy': { it: 'Presenti adesso', en: 'Inside now' },
	'dash.occupancyPast': { it: 'Presenti a fine giornata', en: 'Inside at the end' },
	'dash.revenue': { it: 'Incasso', en: 'Revenue' },
	'dash.ofCapacity': { it: '{share} dei {n} posti del giorno', en: '{share} of the day’s {n} places' },
	'dash.ofVisitors': { it: '{share} dei prenotati', en: '{share} of those booked' },
	'dash.perBooking': { it: '{n} persone a prenotazione', en: '{n} people a booking' },
	'dash.perVisitor': { it: '{price} a visitatore', en: '{price} a visitor' },
	'dash.estimate': { it: 'entrate meno uscite', en: 'in minus out' },
	'dash.hours': { it: 'Ora per ora', en: 'Hour by hour' },
	'dash.hoursNote': {
		it: 'Quanti hanno prenotato, quanti sono passati dal varco, quanti ne ha contati il sensore, contro i posti dell’orario.',
		en: 'How many booked, passed the gate, and were counted by the sensor, against the places of each time.'
	},
	'dash.occupancyChart': { it: 'Presenze nel luogo', en: 'People inside' },
	'dash.occupancyNote': {
		it: 'Stima dai contatori: entrate meno uscite, alla fine di ogni ora.',
		en: 'Estimate from the counters: in minus out, at the end of each hour.'
	},
	'dash.channels': { it: 'Da dove prenotano', en: 'Where they book' },
	'dash.units': { it: 'Chi viene', en: 'Who comes' },
	'dash.days': { it: 'Ultimi 14 giorni', en: 'Last 14 days' },
	'dash.daysNote': {
		it: 'Prenotati, ingressi e persone contate, giorno per giorno.',
		en: 'Booked, admitted and counted, day by day.'
	},
	'dash.hour': { it: 'Ora', en: 'Hour' },
	'dash.booked': { it: 'Prenotati', en: 'Booked' },
	'dash.admitted': { it: 'Entrati', en: 'Admitted' },
	'dash.counted': { it: 'Contati', en: 'Counted' },
	'dash.capacity': { it: 'Posti', en: 'Places' },
	'dash.present': { it: 'Presenti', en: 'Inside' },
	'dash.channel': { it: 'Canale', en: 'Channel' },
	'dash.unit': { it: 'Tariffa', en: 'Tariff' },
	'dash.people': { it: 'Persone', en: 'People' },
	'dash.table': { it: 'Leggi come tabella', en: 'Read as a table' },
	'dash.emptyTitle': { it: 'Nessun dato per questo giorno', en: 'No data for this day' },
	'dash.empty': {
		it: 'Né prenotazioni, né ingressi, né conteggi. I numeri compaiono qui pochi secondi dopo la prima prenotazione, senza ricaricare la pagina.',
		en: 'No bookings, admissions or counts. Figures appear here seconds after the first booking, without reloading the page.'
	},
	'dash.emptyChart': { it: 'Ancora nulla da mostrare.', en: 'Nothing to show yet.' },
	'dash.decisions': { it: 'Controlli antifrode recenti', en: 'Recent fraud checks' },
	'dash.decisionsNote': {
		it: 'Ogni decisione con i motivi che l’hanno pesata. Nessun dato personale.',
		en: 'Each decision with the reasons that weighed on it. No personal data.'
	},
	'dash.noDecisions': {
		it: 'Ancora nessuna decisione per questo luogo: ne compare una a ogni prenotazione confermata o bloccata.',
		en: 'No decisions for this venue yet: one appears with every booking confirmed or blocked.'
	},
	'dash.score': { it: 'punteggio {n}', en: 'score {n}' },
	'dash.noReasons': { it: 'nessun segnale', en: 'no signals' },
	'dash.ALLOW': { it: 'Ammessa', en: 'Allowed' },
	'dash.REVIEW': { it: 'Da rivedere', en: 'To review' },
	'dash.BLOCK': { it: 'Bloccata', en: 'Blocked' },
	'dash.onlyFlagged': { it: 'Solo da rivedere e bloccate', en: 'Only to review and blocked' },
	'dash.overview': { it: 'I tuoi luoghi in questo giorno', en: 'Your venues on this day' },
	'dash.overviewMore': {
		it: 'I primi {n} di {all}, per visitatori prenotati.',
		en: 'The first {n} of {all}, by visitors booked.'
	},
	'channel.WEB': { it: 'Sito', en: 'Website' },
	'channel.TOTEM': { it: 'Totem', en: 'Totem' },
	'channel.DESK': { it: 'Biglietteria', en: 'Ticket desk' },
	'channel.RESELLER': { it: 'Rivenditori', en: 'Resellers' },
	'channel.FEED': { it: 'Altre biglietterie', en: 'Other ticket offices' },
	'unit.adult': { it: 'Intero', en: 'Adult' },
	'unit.youth': { it: '18–25 anni', en: 'Aged 18–25' },
	'unit.minor': { it: '12–17 anni', en: 'Aged 12–17' },
	'unit.child': { it: 'Meno di 12 anni', en: 'Under 12' },
	'unit.teacher': { it: 'Docenti', en: 'Teachers' },
	'unit.guide': { it: 'Guide e interpreti', en: 'Guides and interpreters' },
	'unit.student': { it: 'Studenti', en: 'Students' },
	'unit.disabled': { it: 'Con disabilità', en: 'Disabled' },
	'unit.companion': { it: 'Accompagnatori', en: 'Companions' },
	'unit.reader': { it: 'Lettore', en: 'Reader' }
} as const;
