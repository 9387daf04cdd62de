// What people read above the server's own detail, by the problem's stable type. A type that is
// not here falls back to its status, so a new one is never shown as a blank.
export const problems = {
	'problem.network': {
		it: 'Il server non risponde. Controlla la connessione e riprova.',
		en: 'The server does not answer. Check your connection and try again.'
	},
	'problem.page': {
		it: 'Qualcosa in questa pagina non ha funzionato.',
		en: 'Something on this page went wrong.'
	},
	'problem.sold-out': { it: 'I posti richiesti non ci sono più.', en: 'The places you asked for are gone.' },
	'problem.resource-occupied': {
		it: 'A quell’ora ciò che serve alla visita è già impegnato.',
		en: 'What the visit needs is taken at that time.'
	},
	'problem.voucher-unknown': {
		it: 'Il codice sconto non è valido qui: controllalo o lascialo vuoto.',
		en: 'The discount code is not valid here: check it or leave it out.'
	},
	'problem.voucher-used-up': {
		it: 'Il codice sconto è esaurito: lascialo vuoto e paga il prezzo intero.',
		en: 'The discount code is used up: leave it out and pay the usual price.'
	},
	'problem.voucher-not-today': {
		it: 'Oggi il codice sconto non vale.',
		en: 'The discount code is not valid today.'
	},
	'problem.voucher-not-that-day': {
		it: 'Il codice sconto non vale per quel giorno: scegline un altro.',
		en: 'The discount code is not valid for that day: choose another.'
	},
	'problem.voucher-not-for-product': {
		it: 'Il codice sconto non vale per questa visita.',
		en: 'The discount code is not valid for this visit.'
	},
	'problem.voucher-no-ticket': {
		it: 'Il codice sconto non riduce nessuno di questi biglietti.',
		en: 'The discount code reduces none of these tickets.'
	},
	'problem.too-many-wrong-codes': {
		it: 'Troppi codici sbagliati: lascialo vuoto o riprova fra un’ora.',
		en: 'Too many wrong codes: leave it out or try again in an hour.'
	},
	'problem.person-limit': {
		it: 'Con questo contatto non si possono prendere altri biglietti.',
		en: 'No more tickets can be taken with this contact.'
	},
	'problem.names-missing': {
		it: 'Prima scrivi i nomi di chi entra.',
		en: 'Write the names of those who enter first.'
	},
	'problem.too-few-people': {
		it: 'La visita non si fa: le adesioni non sono bastate.',
		en: 'The visit does not take place: too few people booked it.'
	},
	'problem.uuid-reused': {
		it: 'Questa prenotazione è già stata fatta con altri dati.',
		en: 'This booking was already made with other details.'
	},
	'problem.payment-required': { it: 'Questa prenotazione va pagata.', en: 'This booking must be paid.' },
	'problem.blocked': {
		it: 'I controlli di sicurezza hanno fermato questa prenotazione.',
		en: 'The security checks stopped this booking.'
	},
	'problem.payment-provider-down': {
		it: 'Il gestore dei pagamenti non risponde: nessun addebito, riprova fra poco.',
		en: 'The payment provider does not answer: nothing was charged, try again shortly.'
	},
	'problem.payment-provider-refused': {
		it: 'Il gestore dei pagamenti rifiuta questo pagamento: nessun addebito. Scrivi al luogo.',
		en: 'The payment provider refuses this payment: nothing was charged. Write to the venue.'
	},
	'problem.refund-filed': { it: 'Il rimborso è già in viaggio.', en: 'The refund is on its way already.' },
	'problem.not-exchangeable': {
		it: 'Questa visita non si può spostare.',
		en: 'This visit cannot be moved.'
	},
	'problem.exchange-too-late': {
		it: 'Il termine per spostare questa visita è passato.',
		en: 'The term for moving this visit has passed.'
	},
	'problem.exchange-changed': {
		it: 'La visita da spostare è cambiata nel frattempo: nulla è stato addebitato.',
		en: 'The visit to be moved has changed meanwhile: nothing was charged.'
	},
	'problem.exchanged-too-often': {
		it: 'Questa visita è già stata spostata troppe volte.',
		en: 'This visit was moved too often.'
	},
	'problem.same-slot': {
		it: 'La visita è già per questo orario.',
		en: 'The visit is for this time already.'
	},
	'problem.unaccompanied': {
		it: 'Chi resta non può venire da solo: serve chi lo accompagna.',
		en: 'Who stays cannot come alone: someone must come along.'
	},
	'problem.all-tickets': {
		it: 'Per restituirli tutti annulla la prenotazione.',
		en: 'To give all of them back, cancel the booking.'
	},
	'problem.unknown-order': { it: 'Questo ordine non esiste.', en: 'There is no such order.' },
	'problem.part-of-order': {
		it: 'Questa visita fa parte di un ordine: vale per tutto l’ordine.',
		en: 'This visit is part of an order: it goes for the whole order.'
	},
	'problem.unknown-venue': { it: 'Questo luogo non esiste.', en: 'There is no such venue.' },
	'problem.unknown-booking': { it: 'Questa prenotazione non esiste.', en: 'There is no such booking.' },
	'problem.invalid-contact': { it: 'Un recapito non va bene.', en: 'A contact detail is not right.' },
	'problem.ticket-already-redeemed': { it: 'Biglietto già usato', en: 'Ticket already used' },
	'problem.ticket-forged': { it: 'Biglietto falso', en: 'Forged ticket' },
	'problem.ticket-unreadable': { it: 'Codice illeggibile', en: 'Unreadable code' },
	'problem.ticket-unknown': { it: 'Biglietto sconosciuto', en: 'Unknown ticket' },
	'problem.ticket-other-venue': { it: 'Biglietto di un altro luogo', en: 'Ticket for another venue' },
	'problem.ticket-too-early': { it: 'Troppo presto', en: 'Too early' },
	'problem.ticket-too-late': { it: 'Troppo tardi', en: 'Too late' },
	'problem.ticket-no-reentry': { it: 'Già uscito', en: 'Went out already' },
	'problem.ticket-not-inside': { it: 'Non risulta entrato', en: 'Not inside by this ticket' },
	'problem.ticket-already-out': { it: 'Uscita già registrata', en: 'Exit recorded already' },
	'problem.pass-spent': { it: 'Tessera già usata qui', en: 'Pass already used here' },
	'problem.pass-other-venue': { it: 'La tessera non vale qui', en: 'The pass is not for here' },
	'problem.pass-needs-line': { it: 'Tessera: serve la linea', en: 'A pass needs the line' },
	'problem.pass-not-honoured': {
		it: 'La tessera al momento non è in vendita: uno dei luoghi non la accetta.',
		en: 'The pass is not on sale at present: one of its venues does not take it.'
	},
	'problem.ticket-other-area': { it: 'Biglietto di un’altra area', en: 'Ticket for another area' },
	'problem.gate-other-area': { it: 'Questo varco ha un’altra area', en: 'This gate leads elsewhere' },
	'problem.unknown-area': { it: 'Area sconosciuta', en: 'Unknown area' },
	'problem.party-too-few': { it: 'Non possono passare in tanti', en: 'Not so many may pass' },
	'problem.party-scattered': { it: 'Persone in troppe aree', en: 'People in too many areas' },
	'problem.place-full': { it: 'Posto pieno', en: 'Full' },
	'problem.ticket-revoked': { it: 'Biglietto annullato', en: 'Ticket revoked' },
	'problem.entry-other-gate': { it: 'Ingresso di un altro varco', en: 'Entry of another gate' },
	'problem.undo-too-late': {
		it: 'Troppo tardi per annullare: l’ingresso resta.',
		en: 'Too late to take back: the entry stands.'
	},
	'problem.redemption-undone': {
		it: 'Questo ingresso è stato annullato: leggi di nuovo il biglietto.',
		en: 'This entry was taken back: scan the ticket again.'
	},
	'problem.ticket-changed': {
		it: 'Il biglietto è cambiato nel frattempo.',
		en: 'The ticket has changed meanwhile.'
	},
	'problem.conflict-closed': {
		it: 'Chiuso da altri con un’altra nota.',
		en: 'Closed by somebody else with another note.'
	},
	'problem.gate-never-online': {
		it: 'Questo varco non ha mai raggiunto il server',
		en: 'This gate has never reached the server'
	},
	'problem.ticket-replaced': { it: 'Biglietto sostituito da uno nuovo', en: 'Ticket replaced by a new one' },
	'problem.ticket-not-valid': {
		it: 'Questo biglietto non è più valido: non se ne emette un altro.',
		en: 'This ticket is no longer valid: no other is issued.'
	},
	'problem.reissued-too-often': {
		it: 'Questo biglietto è stato sostituito troppe volte: chiedi in biglietteria.',
		en: 'This ticket was replaced too often: ask at the ticket office.'
	},
	'problem.invalid-offer': { it: 'Così non si può offrire.', en: 'This cannot be offered.' },
	'problem.changed-meanwhile': {
		it: 'Qualcun altro ha salvato nel frattempo: leggi la versione attuale e rifai la modifica.',
		en: 'Somebody else has saved meanwhile: read the present version and change it again.'
	},
	'problem.status-400': { it: 'La richiesta non è stata capita.', en: 'The request was not understood.' },
	'problem.status-401': { it: 'Serve una chiave di accesso valida.', en: 'A valid access key is needed.' },
	'problem.status-403': { it: 'Questa operazione non è permessa.', en: 'This is not allowed.' },
	'problem.status-404': { it: 'Non c’è nulla a questo indirizzo.', en: 'Nothing was found here.' },
	'problem.status-409': {
		it: 'La situazione è cambiata nel frattempo.',
		en: 'Things have changed in the meantime.'
	},
	'problem.status-422': { it: 'I dati non rispettano una regola.', en: 'The details break a rule.' },
	'problem.status-429': { it: 'Troppe richieste in poco tempo.', en: 'Too many requests in a short time.' },
	'problem.status-503': {
		it: 'Il server è occupato: riprova fra un momento.',
		en: 'The server is busy: try again in a moment.'
	},
	'problem.status-other': { it: 'Il server ha avuto un problema.', en: 'The server had a problem.' },
	'problem.wait': {
		it: 'Riprova fra {n} secondo.|Riprova fra {n} secondi.',
		en: 'Try again in {n} second.|Try again in {n} seconds.'
	},
	'problem.fix': { it: 'Come rimediare:', en: 'How to fix it:' }
} as const;
