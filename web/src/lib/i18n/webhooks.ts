// Words of the page where a venue's servers are registered and what they were told is seen.
export const webhooks = {
	'webhooks.title': { it: 'Avvisi ad altri sistemi', en: 'Notices to other systems' },
	'webhooks.lead': {
		it: 'I server che vengono a sapere di prenotazioni, ingressi e orari esauriti (webhook): chi sono, se rispondono, e che cosa è stato detto loro.',
		en: 'The servers that are told of bookings, entries and sold-out slots (webhooks): who they are, whether they answer, and what they were told.'
	},
	'webhooks.none': {
		it: 'Nessun server. Il registro degli eventi comincia con il primo.',
		en: 'No server. The log of events begins with the first.'
	},
	'webhooks.register': { it: 'Aggiungi un server', en: 'Add a server' },
	'webhooks.registerText': {
		it: 'Gli eventi non contengono persone né chiavi di prenotazioni. Ogni richiesta è firmata con un segreto che vedrai una volta sola.',
		en: 'Events hold no person and no key of a booking. Each request is signed with a secret that you will see once.'
	},
	'webhooks.registerSend': { it: 'Aggiungi e mostra il segreto', en: 'Add it and show the secret' },
	'webhooks.registered': { it: 'Server aggiunto.', en: 'The server was added.' },
	'webhooks.url': { it: 'Indirizzo', en: 'Address' },
	'webhooks.urlHint': {
		it: 'Per esempio https://museo.example/atrio, raggiungibile da tutti.',
		en: 'Such as https://museum.example/atrio, which everyone can reach.'
	},
	'webhooks.urlWrong': { it: 'Scrivi l’indirizzo del server.', en: 'Write the address of the server.' },
	'webhooks.description': { it: 'Nota', en: 'Note' },
	'webhooks.events': { it: 'Che cosa viene a sapere', en: 'What it is told' },
	'webhooks.eventsHint': { it: 'Nessuna scelta vuol dire tutto.', en: 'Nothing chosen means everything.' },
	'webhooks.allEvents': { it: 'Viene a sapere tutto', en: 'Is told everything' },
	'webhooks.kind.booking.confirmed': { it: 'Prenotazione confermata', en: 'Booking confirmed' },
	'webhooks.kind.booking.cancelled': { it: 'Prenotazione annullata', en: 'Booking cancelled' },
	'webhooks.kind.ticket.redeemed': { it: 'Biglietto usato', en: 'Ticket used' },
	'webhooks.kind.ticket.redemption_undone': { it: 'Ingresso annullato al varco', en: 'Entry taken back at the gate' },
	'webhooks.kind.availability.sold_out': { it: 'Orario esaurito', en: 'Slot sold out' },
	'webhooks.kind.availability.available_again': { it: 'Orario di nuovo libero', en: 'Slot has places again' },
	'webhooks.kind.webhook.test': { it: 'Prova', en: 'Test' },
	'webhooks.ENABLED': { it: 'Attivo', en: 'On' },
	'webhooks.OFF': { it: 'In pausa', en: 'Paused' },
	'webhooks.DISABLED': { it: 'Disattivato', en: 'Disabled' },
	'webhooks.disabledWhy': { it: 'Dal {when} non viene più avvisato:', en: 'Not told any more since {when}:' },
	'webhooks.toldUpTo': { it: 'Avvisato fino all’evento {n}', en: 'Told up to event {n}' },
	'webhooks.failed': { it: '{n} tentativo andato male|{n} tentativi andati male', en: '{n} failed attempt|{n} failed attempts' },
	'webhooks.nextTry': { it: 'prossimo tentativo {when}', en: 'next try {when}' },
	'webhooks.secretMade': { it: 'Segreto del {when}', en: 'Secret of {when}' },
	'webhooks.bothUntil': { it: 'anche quello di prima firma fino al {when}', en: 'the one before signs too until {when}' },
	'webhooks.test': { it: 'Manda una prova', en: 'Send a test' },
	'webhooks.testSent': { it: 'Prova mandata: qui sotto si vede che cosa ha risposto.', en: 'Test sent: what it answered is seen below.' },
	'webhooks.turnOff': { it: 'Metti in pausa', en: 'Pause' },
	'webhooks.turnOn': { it: 'Riattiva', en: 'Turn on again' },
	'webhooks.turnedOff': {
		it: '{url} è in pausa: riattivato, riprende da dove si è fermato.',
		en: '{url} is paused: turned on again, it goes on where it stopped.'
	},
	'webhooks.turnedOn': { it: '{url} è attivo.', en: '{url} is on.' },
	'webhooks.edit': { it: 'Modifica', en: 'Change' },
	'webhooks.save': { it: 'Salva', en: 'Save' },
	'webhooks.saved': { it: 'Salvato.', en: 'Saved.' },
	'webhooks.rotate': { it: 'Cambia il segreto', en: 'Change the secret' },
	'webhooks.overlap': { it: 'Ore in cui firma anche il segreto di prima', en: 'Hours in which the secret before signs too' },
	'webhooks.overlapHint': {
		it: 'Da 0 a 168. Con 0 chi usa ancora quello di prima rifiuta subito le richieste.',
		en: '0 to 168. With 0, who still uses the one before refuses requests at once.'
	},
	'webhooks.rotateYes': { it: 'Fai un segreto nuovo', en: 'Make a new secret' },
	'webhooks.rotated': { it: 'Segreto cambiato.', en: 'The secret was changed.' },
	'webhooks.remove': { it: 'Togli', en: 'Remove' },
	'webhooks.removeAsk': {
		it: 'Togliere questo server? Non viene avvisato più, e quello che non ha ancora saputo non gli arriva.',
		en: 'Remove this server? It is told nothing more, and what it was not told yet does not reach it.'
	},
	'webhooks.removeYes': { it: 'Sì, togli', en: 'Yes, remove' },
	'webhooks.removed': { it: '{url} non viene più avvisato.', en: '{url} is told no more.' },
	'webhooks.secretTitle': { it: 'Il segreto, questa volta sola', en: 'The secret, this once' },
	'webhooks.secretText': {
		it: 'Mettilo in {url}: verifica con questo ogni richiesta. Chiusa questa nota, nessuno lo può più leggere.',
		en: 'Put it into {url}: it checks each request with this. Once this note is closed, nobody can read it any more.'
	},
	'webhooks.secret': { it: 'Segreto', en: 'Secret' },
	'webhooks.copy': { it: 'Copia', en: 'Copy' },
	'webhooks.copied': { it: 'Copiato.', en: 'Copied.' },
	'webhooks.kept': { it: 'L’ho messo al sicuro', en: 'I have put it away safely' },
	'webhooks.deliveries': { it: 'Che cosa gli è stato mandato', en: 'What it was sent' },
	'webhooks.noDeliveries': { it: 'Ancora niente.', en: 'Nothing yet.' },
	'webhooks.DELIVERED': { it: 'Preso', en: 'Taken' },
	'webhooks.WAITING': { it: 'Da riprovare', en: 'To be tried again' },
	'webhooks.GIVEN_UP': { it: 'Lasciato', en: 'Given up' },
	'webhooks.took': { it: '{n} ms', en: '{n} ms' },
	'webhooks.attempts': { it: '{n} tentativo|{n} tentativi', en: '{n} attempt|{n} attempts' },
	'webhooks.again': { it: 'Manda di nuovo', en: 'Send again' },
	'webhooks.replayed': { it: 'L’evento {n} viene mandato di nuovo.', en: 'Event {n} is sent again.' },
	'webhooks.replayedTo': { it: 'L’evento {n} viene mandato di nuovo a {url}.', en: 'Event {n} is sent again to {url}.' },
	'webhooks.readAgain': { it: 'Aggiorna', en: 'Refresh' },
	'webhooks.older': { it: 'Più vecchi', en: 'Older' },
	'webhooks.log': { it: 'Registro degli eventi', en: 'Log of events' },
	'webhooks.logText': {
		it: 'Quello che è successo, nell’ordine in cui viene detto; si conserva 30 giorni. Ogni evento si può mandare di nuovo, con lo stesso numero e lo stesso id.',
		en: 'What happened, in the order in which it is told; kept for 30 days. Each event can be sent again, under the same number and id.'
	},
	'webhooks.readLog': { it: 'Leggi il registro', en: 'Read the log' },
	'webhooks.noEvents': { it: 'Ancora nessun evento.', en: 'No events yet.' },
	'webhooks.sendTo': { it: 'Manda di nuovo a', en: 'Send again to' },
	'problem.invalid-webhook': { it: 'A questo indirizzo non si possono mandare avvisi.', en: 'Notices cannot be sent to this address.' },
	'problem.unknown-webhook': { it: 'Questo server non c’è più.', en: 'This server is there no more.' },
	'problem.too-many-webhooks': { it: 'Ci sono già dieci server.', en: 'There are ten servers already.' },
	'problem.webhook-off': { it: 'Il server è in pausa: riattivalo prima.', en: 'The server is paused: turn it on first.' },
	'problem.replay-running': {
		it: 'Altri eventi vengono mandati di nuovo: riprova fra poco.',
		en: 'Other events are being sent again: try again shortly.'
	},
	'problem.invalid-replay': { it: 'Questi eventi non si possono mandare.', en: 'These events cannot be sent.' }
} as const;
