// Words of the reseller's own page.
export const portal = {
	'portal.title': { it: 'Area rivenditori', en: 'Reseller’s area' },
	'portal.lead': {
		it: 'Quello che la tua ditta ha prenotato, i posti che vede, le sue chiavi e i suoi server.',
		en: 'What your firm booked, the places that it sees, its keys and its servers.'
	},
	'portal.keyText': {
		it: 'Questa pagina è della ditta che rivende. Incolla la chiave OCTO che hai ricevuto (comincia con «atrio_»).',
		en: 'This page is for the firm that sells on. Paste the OCTO key you were given (it begins with “atrio_”).'
	},
	'portal.LIVE': { it: 'Chiave per vendere', en: 'Key to sell' },
	'portal.TEST': { it: 'Chiave di prova', en: 'Key to try out' },
	'portal.testText': {
		it: 'Vedi solo quello che hai provato: nessun posto è preso e nessun varco fa entrare. Quello venduto si vede con la chiave per vendere.',
		en: 'You see what you tried out only: no place is taken, and no gate admits. What is sold is seen by the key to sell.'
	},
	'portal.scopeAll': { it: 'Vende in tutti i luoghi che hanno aperto ai rivenditori', en: 'Sells at every venue that opened to resellers' },
	'portal.scopeSome': { it: 'Vende in {n} luogo|Vende in {n} luoghi', en: 'Sells at {n} venue|Sells at {n} venues' },
	'portal.bookings': { it: 'Prenotazioni', en: 'Bookings' },
	'portal.noBookings': { it: 'Ancora nessuna prenotazione con chiavi di questo tipo.', en: 'No bookings by keys of this kind yet.' },
	'portal.status.ON_HOLD': { it: 'Tenuta', en: 'On hold' },
	'portal.status.PENDING': { it: 'In attesa', en: 'Pending' },
	'portal.status.CONFIRMED': { it: 'Venduta', en: 'Sold' },
	'portal.status.EXPIRED': { it: 'Scaduta', en: 'Expired' },
	'portal.status.CANCELLED': { it: 'Annullata', en: 'Cancelled' },
	'portal.status.REDEEMED': { it: 'Entrata', en: 'Entered' },
	'portal.people': { it: '{n} persona|{n} persone', en: '{n} person|{n} people' },
	'portal.ownReference': { it: 'tuo riferimento {reference}', en: 'your reference {reference}' },
	'portal.reference': { it: 'nostro riferimento {reference}', en: 'our reference {reference}' },
	'portal.until': { it: 'fino alle {when}', en: 'until {when}' },
	'portal.cancel': { it: 'Annulla', en: 'Cancel' },
	'portal.cancelOf': { it: 'Annulla {reference}', en: 'Cancel {reference}' },
	'portal.cancelAsk': { it: 'Annullare? I posti tornano subito in vendita.', en: 'Cancel it? The places are on sale again at once.' },
	'portal.cancelYes': { it: 'Sì, annulla', en: 'Yes, cancel it' },
	'portal.cancelled': { it: 'Prenotazione {reference} annullata.', en: 'Booking {reference} cancelled.' },
	'portal.older': { it: 'Più vecchie', en: 'Older' },
	'portal.refresh': { it: 'Aggiorna', en: 'Refresh' },
	'portal.places': { it: 'Posti', en: 'Places' },
	'portal.placesText': {
		it: 'Quello che il tuo canale trova: i posti che un luogo tiene per sé non ci sono.',
		en: 'What your channel finds: places that a venue keeps for its own are not among them.'
	},
	'portal.product': { it: 'Prodotto', en: 'Product' },
	'portal.day': { it: 'Giorno', en: 'Day' },
	'portal.noProducts': { it: 'Nessun luogo ti ha ancora aperto un prodotto.', en: 'No venue has opened a product to you yet.' },
	'portal.allDay': { it: 'tutto il giorno', en: 'all day' },
	'portal.left': { it: '{n} di {capacity}', en: '{n} of {capacity}' },
	'portal.time': { it: 'Ora', en: 'Time' },
	'portal.vacancies': { it: 'Liberi', en: 'Left' },
	'portal.state': { it: 'Stato', en: 'State' },
	'portal.slot.AVAILABLE': { it: 'Libero', en: 'Places' },
	'portal.slot.FREESALE': { it: 'Libero', en: 'Places' },
	'portal.slot.LIMITED': { it: 'Pochi posti', en: 'Few places' },
	'portal.slot.SOLD_OUT': { it: 'Esaurito', en: 'Sold out' },
	'portal.slot.CLOSED': { it: 'Chiuso', en: 'Closed' },
	'portal.keys': { it: 'Chiavi', en: 'Keys' },
	'portal.own': { it: 'questa', en: 'this one' },
	'portal.rotate': { it: 'Cambia questa chiave', en: 'Change this key' },
	'portal.rotateText': {
		it: 'Ne fa una nuova; quella di adesso vale ancora per le ore che scrivi, così i tuoi sistemi hanno il tempo di cambiarla.',
		en: 'It makes a new one; the present one is good for the hours that you write, so that your systems have time to change.'
	},
	'portal.overlap': { it: 'Ore in cui vale anche quella di adesso', en: 'Hours in which the present one is good, too' },
	'portal.rotateYes': { it: 'Fai una chiave nuova', en: 'Make a new key' },
	'portal.rotated': { it: 'Chiave cambiata: questa pagina usa già la nuova.', en: 'The key was changed: this page uses the new one already.' },
	'portal.keyOnce': {
		it: 'Mettila nei tuoi sistemi. Chiusa questa nota, nessuno la può più leggere.',
		en: 'Put it into your systems. Once this note is closed, nobody can read it any more.'
	},
	'portal.webhooks': { it: 'I tuoi server', en: 'Your servers' },
	'portal.webhooksText': {
		it: 'Vengono avvisati quando cambia una tua prenotazione, o quando i posti diventano pochi, nessuno o di nuovo tanti. Ogni richiesta è firmata; persone e codici non ci sono.',
		en: 'They are told when a booking of yours changes, or when places become few, none or many again. Each request is signed; persons and codes are not in it.'
	},
	'portal.noWebhooks': { it: 'Nessun server.', en: 'No server.' },
	'portal.event': { it: 'Che cosa viene a sapere', en: 'What it is told' },
	'portal.event.booking_update': { it: 'Le tue prenotazioni', en: 'Your bookings' },
	'portal.event.availability_update': { it: 'I posti', en: 'Places' },
	'portal.rotateSecret': { it: 'Cambia il segreto', en: 'Change the secret' }
} as const;
