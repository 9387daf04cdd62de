// Words of the page on which managers set what their venue offers.
export const offer = {
	'offer.title': { it: 'Orari, prezzi e posti', en: 'Hours, prices and places' },
	'offer.lead': {
		it: 'Quello che salvi qui vale subito per chi prenota. Chi ha già prenotato conserva quello che ha comprato.',
		en: 'What you save here holds at once for new bookings. Those who have booked keep what they bought.'
	},
	'offer.name': { it: 'Nome', en: 'Name' },
	'offer.in.it': { it: 'in italiano', en: 'in Italian' },
	'offer.in.en': { it: 'in inglese', en: 'in English' },
	'offer.measure': { it: 'misura', en: 'measure' },
	'offer.minutes.before': { it: 'minuti prima', en: 'minutes before' },
	'offer.hours.before': { it: 'ore prima', en: 'hours before' },
	'offer.days.before': { it: 'giorni prima', en: 'days before' },
	'offer.minutes.after': { it: 'minuti dopo', en: 'minutes after' },
	'offer.hours.after': { it: 'ore dopo', en: 'hours after' },
	'offer.days.after': { it: 'giorni dopo', en: 'days after' },
	'offer.someMinutes': { it: '{n} minuto prima|{n} minuti prima', en: '{n} minute before|{n} minutes before' },
	'offer.someHours': { it: '{n} ora prima|{n} ore prima', en: '{n} hour before|{n} hours before' },
	'offer.someDays': { it: '{n} giorno prima|{n} giorni prima', en: '{n} day before|{n} days before' },
	'offer.atTheStart': { it: 'l’inizio', en: 'the start' },
	'offer.amountWrong': { it: 'Scrivi un importo, per esempio 12,50.', en: 'Write an amount, such as 12.50.' },
	'offer.opening': { it: 'Orari e chiusure', en: 'Hours and closures' },
	'offer.week': { it: 'Settimana', en: 'Week' },
	'offer.day': { it: 'Giorno', en: 'Day' },
	'offer.from': { it: 'Apre', en: 'Opens' },
	'offer.to': { it: 'Chiude', en: 'Closes' },
	'offer.lastEntry': { it: 'Ultimo ingresso', en: 'Last entry' },
	'offer.addSpan': { it: 'Aggiungi un’apertura', en: 'Add an opening' },
	'offer.closures': { it: 'Chiusure', en: 'Closures' },
	'offer.noClosures': { it: 'Nessuna chiusura.', en: 'No closures.' },
	'offer.addClosure': { it: 'Aggiungi una chiusura', en: 'Add a closure' },
	'offer.firstDay': { it: 'Primo giorno', en: 'First day' },
	'offer.lastDay': { it: 'Ultimo giorno', en: 'Last day' },
	'offer.reasonIt': { it: 'Motivo in italiano', en: 'Reason in Italian' },
	'offer.reasonEn': { it: 'Motivo in inglese', en: 'Reason in English' },
	'offer.remove': { it: 'Togli', en: 'Remove' },
	'offer.capacity': { it: 'Posti in ogni orario', en: 'Places in each slot' },
	'offer.capacityHint': {
		it: 'Se ne metti meno di quelli già presi, nessuno perde il suo e non se ne vendono altri.',
		en: 'Fewer than are taken already: nobody loses theirs, and no more are sold.'
	},
	'offer.maxUnits': { it: 'Posti al massimo in una prenotazione', en: 'Most places in one booking' },
	'offer.maxUnitsHint': { it: 'I gruppi più grandi si rivolgono al luogo.', en: 'Larger groups ask the venue.' },
	'offer.slotMinutes': { it: 'Minuti fra un orario e il successivo', en: 'Minutes from slot to slot' },
	'offer.slotMinutesHint': {
		it: 'Cambiarli sposta gli orari: controlla chi resta senza.',
		en: 'Changing it moves the slots: check who is left without one.'
	},
	'offer.check': { it: 'Controlla prima di salvare', en: 'Check before saving' },
	'offer.save': { it: 'Salva', en: 'Save' },
	'offer.goOn': { it: 'Continua a modificare', en: 'Go on editing' },
	'offer.saved': { it: 'Salvato. Vale da adesso.', en: 'Saved. It holds from now on.' },
	'offer.readAgain': { it: 'Leggi la versione attuale', en: 'Read the present version' },
	'offer.nobodyStranded': {
		it: 'Nessuna prenotazione resta senza orario.',
		en: 'No booking is left without its slot.'
	},
	'offer.stranded': {
		it: '{n} posto già prenotato resta senza orario|{n} posti già prenotati restano senza orario',
		en: '{n} booked place is left without its slot|{n} booked places are left without their slot'
	},
	'offer.strandedDo': {
		it: 'Se salvi, queste persone vanno avvisate: i loro biglietti restano validi finché non li annulli.',
		en: 'If you save, these people must be told: their tickets stay valid until you cancel them.'
	},
	'offer.places': { it: '{n} posto|{n} posti', en: '{n} place|{n} places' },
	'offer.changes': { it: 'Registro delle modifiche', en: 'Record of changes' },
	'offer.noChanges': { it: 'Ancora nessuna modifica.', en: 'No changes yet.' },
	'offer.new': { it: 'Nuovo', en: 'New' },
	'offer.older': { it: 'Più vecchie', en: 'Older' },
	'offer.field.capacity': { it: 'posti', en: 'places' },
	'offer.field.max_units': { it: 'posti per prenotazione', en: 'places in a booking' },
	'offer.field.slot_minutes': { it: 'minuti', en: 'minutes' },
	'offer.field.called_off': { it: 'visite annullate e rimborsate', en: 'visits called off and paid back' },
	'offer.field.offered': { it: 'spostamenti proposti', en: 'moves on offer' },
	'offer.field.honours': { it: 'tessere accettate', en: 'passes honoured' },
	'offer.field.pass': { it: 'tessera', en: 'pass' },
	'offer.field.follows': { it: 'modello seguito', en: 'template followed' },
	'offer.field.own': { it: 'parti proprie', en: 'own parts' },
	'offer.field.week': { it: 'settimana', en: 'week' },
	'offer.field.closures': { it: 'chiusure', en: 'closures' },
	'offer.field.quotas': { it: 'quote dei canali', en: 'shares of channels' },
	'offer.field.needs': { it: 'risorse occupate', en: 'resources occupied' },
	'offer.field.resources': { it: 'risorse', en: 'resources' },
	'offer.field.areas': { it: 'aree', en: 'areas' },
	'offer.field.limit': { it: 'persone presenti', en: 'people present' },
	'offer.field.admission': { it: 'ingresso', en: 'admission' },
	'offer.field.minimum': { it: 'minimo di persone', en: 'fewest people' },
	'offer.field.cancellation': { it: 'rinuncia', en: 'giving up' },
	'offer.field.exchange': { it: 'cambio', en: 'exchange' },
	'offer.field.campaigns': { it: 'campagne', en: 'campaigns' },
	'offer.field.codes': { it: 'codici', en: 'codes' },
	'offer.field.uses': { it: 'usi', en: 'uses' },
	'offer.field.url': { it: 'indirizzo', en: 'address' },
	'offer.field.enabled': { it: 'attivo', en: 'on' },
	'offer.field.events': { it: 'eventi', en: 'events' },
	'offer.field.description': { it: 'nota', en: 'note' },
	'offer.field.rotated': { it: 'segreto cambiato', en: 'secret changed' },
	'offer.field.overlap_hours': { it: 'ore con due segreti', en: 'hours with two secrets' },
	'offer.field.options': { it: 'tariffe', en: 'tariffs' },
	'offer.field.surcharges': { it: 'sovrapprezzi', en: 'surcharges' },
	'offer.field.free_days': { it: 'giornate gratuite', en: 'free days' },
	'offer.field.fiscal_class': { it: 'classe fiscale', en: 'fiscal class' },
	'offer.field.name': { it: 'nome', en: 'name' },
	'offer.callOffText': {
		it: 'Chi aveva prenotato questi orari può essere rimborsato adesso, per intero: i biglietti non varranno più.',
		en: 'Everybody who booked these times can be paid back now, in full: their tickets will admit no more.'
	},
	'offer.move': {
		it: 'Prima proponi a ciascuno di spostare la visita, senza costi',
		en: 'First offer each to move the visit, at no cost'
	},
	'offer.moveDays': { it: 'Giorni per scegliere (da 1 a 28)', en: 'Days to choose (1 to 28)' },
	'offer.moveRun': {
		it: 'Proponi lo spostamento, poi rimborsa chi non sceglie',
		en: 'Offer the move, then pay back who does not choose'
	},
	'offer.moved': {
		it: 'Spostamento proposto a {n} prenotazione.|Spostamento proposto a {n} prenotazioni.',
		en: 'A move is offered to {n} booking.|A move is offered to {n} bookings.'
	},
	'offer.callOffs': { it: 'Annullamenti, {days}', en: 'Calling off, {days}' },
	'offer.callOff': { it: 'Annulla e rimborsa tutti', en: 'Call off and pay everybody back' },
	'offer.callingOff': { it: 'Annullo e rimborso…', en: 'Calling off and paying back…' },
	'offer.calledOff': {
		it: '{n} prenotazione annullata.|{n} prenotazioni annullate.',
		en: '{n} booking called off.|{n} bookings called off.'
	},
	'offer.calledOffMoney': { it: 'Rimborsi: {price}.', en: 'Paid back: {price}.' },
	'offer.callOffLeft': { it: 'Da sistemare di persona:', en: 'To be looked after in person:' },
	'offer.left.sold-at-desk': { it: 'venduta allo sportello, si restituisce lì', en: 'sold at the desk, which takes it back' },
	'offer.left.ticket-used': { it: 'qualcuno è già entrato', en: 'somebody has entered' }
} as const;
